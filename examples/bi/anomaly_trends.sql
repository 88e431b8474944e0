-- Anomaly trends over time
SELECT 
  time_bucket('1 day', time) as date,
  anomaly_type,
  COUNT(*) as anomaly_count,
  AVG(anomaly_score) as avg_score
FROM ai_analysis
WHERE has_anomaly = true
  AND time > NOW() - INTERVAL '30 days'
GROUP BY date, anomaly_type
ORDER BY date DESC;
