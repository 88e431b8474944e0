-- Production statistics by device
SELECT 
  time_bucket('1 hour', time) AS hour,
  device_id,
  AVG(temperature) as avg_temp,
  AVG(current) as avg_current,
  COUNT(*) as sample_count
FROM sensor_data
WHERE time > NOW() - INTERVAL '7 days'
GROUP BY hour, device_id
ORDER BY hour DESC;
