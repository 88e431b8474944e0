-- Without TimescaleDB: weeks as partitions, kept in modax_internal so that BI tools list only the
-- tables themselves, and time_bucket() as the requirement's queries use it.

DO $do$
DECLARE
    parent text;
BEGIN
    FOR parent IN SELECT name FROM modax_internal.time_tables LOOP
        EXECUTE format('CREATE TABLE modax_internal.%I PARTITION OF public.%I DEFAULT',
                       parent || '_default', parent);
    END LOOP;
END
$do$;

CREATE FUNCTION modax_internal.week_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT date_bin('7 days', at, '2000-01-03 00:00:00+00') $$;

-- The rows of the week that are in the default partition move into the new one. The lock keeps new
-- ones out of it meanwhile; a query in its way makes this fail after two seconds, to be tried again.
CREATE FUNCTION modax_internal.add_week(parent text, week timestamptz) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '2s' AS $body$
DECLARE
    child text := parent || to_char(week AT TIME ZONE 'UTC', '_YYYYMMDD');
    until timestamptz := week + interval '7 days';
BEGIN
    EXECUTE format('LOCK TABLE modax_internal.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('CREATE TABLE modax_internal.%I (LIKE public.%I INCLUDING ALL)', child, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM modax_internal.%I WHERE time >= %L AND time < %L RETURNING *)
         INSERT INTO modax_internal.%I SELECT * FROM moved',
        parent || '_default', week, until, child);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION modax_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, child, week, until);
END
$body$;

-- Makes one partition that is missing: of this week, of those `ahead`, of readings that came for
-- other times. False: there was none.
CREATE FUNCTION modax_internal.make_next_partition(ahead interval) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
    parent text;
    week timestamptz;
BEGIN
    FOR parent IN SELECT name FROM modax_internal.time_tables ORDER BY name LOOP
        EXECUTE format($sql$
            SELECT min(needed) FROM (
                SELECT modax_internal.week_of(at) AS needed
                FROM generate_series(now(), now() + $1, interval '7 days') at
                UNION
                SELECT modax_internal.week_of(time) FROM modax_internal.%I) weeks
            WHERE to_regclass(format('modax_internal.%%I', %L || to_char(needed AT TIME ZONE 'UTC', '_YYYYMMDD'))) IS NULL
        $sql$, parent || '_default', parent) INTO week USING ahead;
        IF week IS NOT NULL THEN
            PERFORM modax_internal.add_week(parent, week);
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$body$;

-- Takes away the oldest week that ended by `cut`. False: there was none.
CREATE FUNCTION modax_internal.drop_next_before(parent text, cut timestamptz) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '2s' AS $body$
DECLARE
    child text;
BEGIN
    UPDATE modax_internal.time_tables SET kept_from = cut
        WHERE name = parent AND (kept_from IS NULL OR kept_from < cut);
    EXECUTE format('DELETE FROM modax_internal.%I WHERE time < %L', parent || '_default', cut);
    SELECT c.relname INTO child
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('public.%I', parent)::regclass AND to_date(substring(c.relname FROM '_([0-9]{8})$'), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC'
                + interval '7 days' <= cut
        ORDER BY right(c.relname, 8) LIMIT 1;
    IF child IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE modax_internal.%I', child);
    RETURN true;
END
$body$;

-- As TimescaleDB's: counted from Monday, 2000-01-03, months from 2000-01-01. Written so that the
-- planner can put it into the query (one expression, not STRICT).
CREATE FUNCTION public.time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width) = 0
        THEN date_bin(bucket_width, ts, '2000-01-03 00:00:00+00')
        ELSE (timestamp '2000-01-01' + make_interval(months => (floor(
            ((extract(year FROM ts AT TIME ZONE 'UTC') - 2000) * 12 + extract(month FROM ts AT TIME ZONE 'UTC') - 1)
            / (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))
            * (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))::integer))
            AT TIME ZONE 'UTC' END
$$;
CREATE FUNCTION public.time_bucket(bucket_width interval, ts timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.time_bucket(bucket_width, ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;
CREATE FUNCTION public.time_bucket(bucket_width interval, ts date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (public.time_bucket(bucket_width, ts::timestamp AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')::date
$$;
-- Buckets by the clock of a time zone.
CREATE FUNCTION public.time_bucket(bucket_width interval, ts timestamptz, timezone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.time_bucket(bucket_width, ts AT TIME ZONE timezone) AT TIME ZONE timezone
$$;

-- Without them the planner takes every reading for a bucket of its own and sorts them on disk.
-- ANALYZE of a partitioned table is never done by itself: the gateway does it.
CREATE STATISTICS modax_internal.sensor_data_hours (ndistinct)
    ON (public.time_bucket('1 hour', time)), device_id FROM public.sensor_data;
CREATE STATISTICS modax_internal.sensor_data_days (ndistinct)
    ON (public.time_bucket('1 day', time)), device_id FROM public.sensor_data;

CREATE FUNCTION modax_internal.analyze() RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
    ANALYZE public.sensor_data;
    ANALYZE public.ai_analysis;
    ANALYZE public.sensor_data_1m;
END
$body$;
