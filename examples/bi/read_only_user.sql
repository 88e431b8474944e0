-- Create read-only user
CREATE USER bi_readonly WITH PASSWORD 'secure_password';

-- Grant read access
GRANT CONNECT ON DATABASE modax TO bi_readonly;
GRANT USAGE ON SCHEMA public TO bi_readonly;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO bi_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA public 
  GRANT SELECT ON TABLES TO bi_readonly;
