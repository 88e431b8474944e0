-- Readings summed up by minute, hour and day, and how they follow readings that come late.

DO $do$
DECLARE
    span text[];
BEGIN
    FOREACH span SLICE 1 IN ARRAY ARRAY[['1m', 'minute'], ['1h', 'hour'], ['1d', 'day']] LOOP
        EXECUTE format($sql$
            CREATE TABLE public.sensor_data_%1$s(
                time timestamptz NOT NULL,
                device_id text NOT NULL,
                metric text NOT NULL,
                count bigint NOT NULL,
                min double precision NOT NULL,
                max double precision NOT NULL,
                mean double precision NOT NULL,
                first double precision NOT NULL,
                last double precision NOT NULL,
                stddev double precision,
                PRIMARY KEY(device_id, metric, time)) %3$s;
            COMMENT ON TABLE public.sensor_data_%1$s IS 'Readings summed up by %2$s, one row for each machine and metric; they outlive the readings.';
            COMMENT ON COLUMN public.sensor_data_%1$s.time IS 'Start of the %2$s; UTC.';
            COMMENT ON COLUMN public.sensor_data_%1$s.device_id IS 'Name of the machine, see devices.';
            COMMENT ON COLUMN public.sensor_data_%1$s.metric IS 'Name of the metric, as the column of sensor_data; of booleans 0 and 1 are summed up.';
            COMMENT ON COLUMN public.sensor_data_%1$s.count IS 'How many readings had the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.min IS 'Lowest value; unit: that of the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.max IS 'Highest value; unit: that of the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.mean IS 'Mean; unit: that of the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.first IS 'Value of the first reading; unit: that of the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.last IS 'Value of the last reading; unit: that of the metric.';
            COMMENT ON COLUMN public.sensor_data_%1$s.stddev IS 'Standard deviation of the sample; empty below two values; unit: that of the metric.';
            CREATE INDEX sensor_data_%1$s_by_time ON public.sensor_data_%1$s USING %4$s;
        $sql$, span[1], span[2],
            CASE span[1] WHEN '1m' THEN '{{by_time}}' ELSE 'WITH (fillfactor = 80)' END,
            CASE span[1] WHEN '1m' THEN 'brin(time) WITH (autosummarize = on)' ELSE 'btree(time)' END);
    END LOOP;
END
$do$;
INSERT INTO modax_internal.time_tables VALUES('sensor_data_1m');

-- What to sum up again: one row for each minute of a device that a batch touched. Without a key on
-- purpose: a batch never waits for a refresh, and a row that is committed after the snapshot of a
-- refresh stays for the next one.
CREATE TABLE modax_internal.dirty_minutes(
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    minute timestamptz NOT NULL,
    device_id text NOT NULL);

-- From where on something is complete: '-infinity' as long as nothing was taken away.
CREATE TABLE modax_internal.kept_hours(since timestamptz NOT NULL);
INSERT INTO modax_internal.kept_hours VALUES('-infinity');

-- Sums up `minutes` of `devices` (in pairs) from the readings, minute by minute over the key: joined by
-- device alone, each minute would meet every reading of it.
CREATE FUNCTION modax_internal.sum_up_minutes(minutes timestamptz[], devices text[]) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $body$
DECLARE
    declared text;
BEGIN
    SELECT coalesce(string_agg(
        format(', (%L, r.%I::%s)', name, name,
               CASE type WHEN 'boolean' THEN 'integer::double precision' ELSE 'double precision' END),
        ''), '')
    INTO declared FROM modax_internal.metric_columns WHERE type IN ('number', 'boolean');
    EXECUTE format($sql$
        INSERT INTO public.sensor_data_1m AS known
        SELECT d.minute, d.device_id, v.metric, count(*), min(v.value), max(v.value), avg(v.value),
               (array_agg(v.value ORDER BY r.time, r.seq))[1],
               (array_agg(v.value ORDER BY r.time DESC, r.seq DESC))[1], stddev_samp(v.value)
        FROM unnest($1, $2) AS d(minute, device_id)
        JOIN public.sensor_data r ON r.device_id = d.device_id AND r.time >= d.minute
            AND r.time < d.minute + interval '1 minute'
        CROSS JOIN LATERAL (
            VALUES ('temperature', r.temperature), ('current', r.current),
                ('vibration', r.vibration), ('spindle_speed', r.spindle_speed),
                ('power_kw', r.power_kw), ('feed_rate', r.feed_rate),
                ('is_safe', r.is_safe::integer::double precision)%s
            UNION ALL
            SELECT m.key, CASE jsonb_typeof(m.value)
                WHEN 'number' THEN (m.value #>> '{}')::double precision
                WHEN 'boolean' THEN (m.value #>> '{}')::boolean::integer::double precision END
            FROM jsonb_each(r.metrics) m) v(metric, value)
        WHERE v.value IS NOT NULL
        GROUP BY d.minute, d.device_id, v.metric
        ON CONFLICT (device_id, metric, time) DO UPDATE SET
            count = excluded.count, min = excluded.min, max = excluded.max, mean = excluded.mean,
            first = excluded.first, last = excluded.last, stddev = excluded.stddev
    $sql$, declared) USING minutes, devices;
END
$body$;

-- Sums up spans of `width` of devices from the next finer rollup. The spread of the whole is that
-- within the parts and that of their means (Chan, Golub and LeVeque).
CREATE FUNCTION modax_internal.sum_up_spans(
    target regclass, source regclass, width interval, spans timestamptz[], devices text[]
) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $body$
BEGIN
    EXECUTE format($sql$
        INSERT INTO %s AS known
        SELECT span, device_id, metric, sum(count), min(min), max(max), min(whole),
               (array_agg(first ORDER BY time))[1], (array_agg(last ORDER BY time DESC))[1],
               CASE WHEN sum(count) > 1 THEN
                   sqrt(sum(coalesce(stddev, 0) ^ 2 * (count - 1) + count * (mean - whole) ^ 2)
                        / (sum(count) - 1)) END
        FROM (
            SELECT d.span, p.*,
                   sum(p.mean * p.count) OVER part / sum(p.count) OVER part AS whole
            FROM unnest($1, $2) AS d(span, device_id)
            JOIN %s p ON p.device_id = d.device_id AND p.time >= d.span AND p.time < d.span + $3
            WINDOW part AS (PARTITION BY d.span, d.device_id, p.metric)) parts
        GROUP BY span, device_id, metric
        ON CONFLICT (device_id, metric, time) DO UPDATE SET
            count = excluded.count, min = excluded.min, max = excluded.max, mean = excluded.mean,
            first = excluded.first, last = excluded.last, stddev = excluded.stddev
    $sql$, target, source) USING spans, devices, width;
END
$body$;

-- Takes up to `batch` rows of dirty_minutes and sums up again what they touch. Returns how many it
-- took; less than `batch`: that was all. A span that retention has taken the finer ones of is made
-- anew from its readings; when those are gone too it stays as it is, and late readings for it count
-- no more.
CREATE FUNCTION modax_internal.refresh_rollups(batch integer) RETURNS integer
LANGUAGE plpgsql AS $body$
DECLARE
    taken integer;
    minutes timestamptz[];
    devices text[];
    spans timestamptz[];
    span_devices text[];
    readings_from timestamptz;
    minutes_from timestamptz;
    hours_from timestamptz;
BEGIN
    SELECT coalesce(max(kept_from), '-infinity') INTO readings_from
        FROM modax_internal.time_tables WHERE name = 'sensor_data';
    SELECT coalesce(max(kept_from), '-infinity') INTO minutes_from
        FROM modax_internal.time_tables WHERE name = 'sensor_data_1m';
    SELECT since INTO hours_from FROM modax_internal.kept_hours;

    WITH gone AS (
        DELETE FROM modax_internal.dirty_minutes WHERE id IN (
            SELECT id FROM modax_internal.dirty_minutes ORDER BY id LIMIT batch)
        RETURNING minute, device_id),
    widened AS (
        SELECT DISTINCT device_id,
            CASE WHEN minute < hours_from THEN date_trunc('day', minute, 'UTC')
                 WHEN minute < minutes_from THEN date_trunc('hour', minute, 'UTC')
                 ELSE minute END AS start,
            CASE WHEN minute < hours_from THEN 1439 WHEN minute < minutes_from THEN 59 ELSE 0 END AS more
        FROM gone),
    wanted AS (
        SELECT DISTINCT device_id, start + n * interval '1 minute' AS minute
        FROM widened CROSS JOIN LATERAL generate_series(0, more) n)
    SELECT (SELECT count(*) FROM gone),
           array_agg(minute ORDER BY device_id, minute), array_agg(device_id ORDER BY device_id, minute)
    INTO taken, minutes, devices FROM wanted WHERE minute >= readings_from;
    IF minutes IS NULL THEN
        RETURN taken;
    END IF;
    PERFORM modax_internal.sum_up_minutes(minutes, devices);

    SELECT array_agg(hour), array_agg(device) INTO spans, span_devices FROM (
        SELECT DISTINCT date_trunc('hour', m, 'UTC') AS hour, d AS device
        FROM unnest(minutes, devices) AS t(m, d)) hours
    WHERE hour >= minutes_from OR hour >= readings_from;
    PERFORM modax_internal.sum_up_spans(
        'public.sensor_data_1h', 'public.sensor_data_1m', '1 hour', spans, span_devices);

    SELECT array_agg(day), array_agg(device) INTO spans, span_devices FROM (
        SELECT DISTINCT date_trunc('day', h, 'UTC') AS day, d AS device
        FROM unnest(spans, span_devices) AS t(h, d)) days
    WHERE day >= hours_from OR day >= readings_from;
    PERFORM modax_internal.sum_up_spans(
        'public.sensor_data_1d', 'public.sensor_data_1h', '1 day', spans, span_devices);
    RETURN taken;
END
$body$;

-- Hours and days are plain tables; days are few, hours are deleted in pieces.
CREATE FUNCTION modax_internal.drop_hours_before(cut timestamptz, batch integer) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
    deleted integer;
BEGIN
    UPDATE modax_internal.kept_hours SET since = cut WHERE since < cut;
    DELETE FROM public.sensor_data_1h WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM public.sensor_data_1h WHERE time < cut LIMIT batch));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted = batch;
END
$body$;
CREATE FUNCTION modax_internal.drop_days_before(cut timestamptz, batch integer) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
    deleted integer;
BEGIN
    DELETE FROM public.sensor_data_1d WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM public.sensor_data_1d WHERE time < cut LIMIT batch));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted = batch;
END
$body$;
