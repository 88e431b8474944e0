-- With TimescaleDB: weeks as chunks, made by it when rows come. What it has under the Apache
-- licence is enough here; see docs/adr/0014.

DO $do$
DECLARE
    parent text;
BEGIN
    FOR parent IN SELECT name FROM modax_internal.time_tables LOOP
        PERFORM create_hypertable(format('public.%I', parent)::regclass, 'time',
            chunk_time_interval => interval '7 days', create_default_indexes => false);
    END LOOP;
END
$do$;

CREATE FUNCTION modax_internal.make_next_partition(ahead interval) RETURNS boolean
LANGUAGE sql AS $$ SELECT false $$;

CREATE FUNCTION modax_internal.drop_next_before(parent text, cut timestamptz) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '2s' AS $body$
BEGIN
    UPDATE modax_internal.time_tables SET kept_from = cut
        WHERE name = parent AND (kept_from IS NULL OR kept_from < cut);
    PERFORM public.drop_chunks(format('public.%I', parent)::regclass, older_than => cut);
    RETURN false;
END
$body$;

-- TimescaleDB's chunks are analysed by autovacuum.
CREATE FUNCTION modax_internal.analyze() RETURNS void LANGUAGE sql AS $$ SELECT $$;
