-- What the plant may see is in public; everything of the gateway's own in modax_internal, which
-- nobody but its owner may enter. {{by_time}} is PARTITION BY RANGE (time), or nothing with
-- TimescaleDB.

CREATE TABLE public.devices(
    device_id text PRIMARY KEY,
    registered_at timestamptz NOT NULL);
CREATE UNIQUE INDEX devices_by_lower_id ON public.devices(lower(device_id));
COMMENT ON TABLE public.devices IS 'Machines that have sent readings.';
COMMENT ON COLUMN public.devices.device_id IS 'Name of the machine, as first seen; compared without regard to case.';
COMMENT ON COLUMN public.devices.registered_at IS 'When its first reading came; UTC.';

-- The key is the identity of a reading, and finds the readings of a device by time. Rows come in
-- order of time, so a BRIN index of some kilobytes finds a span of time of all devices.
CREATE TABLE public.sensor_data(
    time timestamptz NOT NULL,
    device_id text NOT NULL,
    temperature double precision,
    current double precision,
    vibration double precision,
    spindle_speed double precision,
    power_kw double precision,
    feed_rate double precision,
    is_safe boolean,
    metrics jsonb,
    seq bigint NOT NULL,
    PRIMARY KEY(device_id, time, seq)) {{by_time}};
CREATE INDEX sensor_data_by_time ON public.sensor_data USING brin(time) WITH (autosummarize = on);
COMMENT ON TABLE public.sensor_data IS 'Readings of the machines.';
COMMENT ON COLUMN public.sensor_data.time IS 'Time of the reading, by the machine; UTC, microseconds.';
COMMENT ON COLUMN public.sensor_data.device_id IS 'Name of the machine, see devices.';
COMMENT ON COLUMN public.sensor_data.temperature IS 'Temperature; unit: °C.';
COMMENT ON COLUMN public.sensor_data.current IS 'Motor current; unit: A.';
COMMENT ON COLUMN public.sensor_data.vibration IS 'Magnitude of the vibration; unit: m/s².';
COMMENT ON COLUMN public.sensor_data.spindle_speed IS 'Spindle speed; unit: 1/min.';
COMMENT ON COLUMN public.sensor_data.power_kw IS 'Power drawn; unit: kW.';
COMMENT ON COLUMN public.sensor_data.feed_rate IS 'Feed rate; unit: mm/min.';
COMMENT ON COLUMN public.sensor_data.is_safe IS 'Whether the machine was safe: the reading''s own word, else the last safety event''s.';
COMMENT ON COLUMN public.sensor_data.metrics IS 'Further metrics by name: numbers, booleans, short texts, in the units the machine uses.';
COMMENT ON COLUMN public.sensor_data.seq IS 'Tells readings of one time apart: the machine''s counter (0 or more), else a hash of the message (negative).';

CREATE TABLE public.safety_events(
    time timestamptz NOT NULL,
    device_id text NOT NULL,
    emergency_stop boolean NOT NULL,
    door_closed boolean NOT NULL,
    overload_detected boolean NOT NULL,
    temperature_ok boolean NOT NULL,
    is_safe boolean NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY(device_id, time, seq)) {{by_time}};
CREATE INDEX safety_events_by_time ON public.safety_events USING brin(time) WITH (autosummarize = on);
COMMENT ON TABLE public.safety_events IS 'Safety statuses of the machines.';
COMMENT ON COLUMN public.safety_events.time IS 'Time of the status, by the machine; UTC, microseconds.';
COMMENT ON COLUMN public.safety_events.device_id IS 'Name of the machine, see devices.';
COMMENT ON COLUMN public.safety_events.emergency_stop IS 'Whether the emergency stop was pressed.';
COMMENT ON COLUMN public.safety_events.door_closed IS 'Whether the door was closed.';
COMMENT ON COLUMN public.safety_events.overload_detected IS 'Whether an overload was detected.';
COMMENT ON COLUMN public.safety_events.temperature_ok IS 'Whether the temperature was in order.';
COMMENT ON COLUMN public.safety_events.is_safe IS 'No emergency stop, door closed, no overload, temperature in order.';
COMMENT ON COLUMN public.safety_events.seq IS 'Tells statuses of one time apart, as sensor_data.seq.';

CREATE TABLE public.ai_analysis(
    time timestamptz NOT NULL,
    device_id text NOT NULL,
    has_anomaly boolean NOT NULL,
    anomaly_score double precision NOT NULL,
    anomaly_type text,
    confidence double precision NOT NULL,
    learning boolean NOT NULL,
    event bigint NOT NULL,
    since timestamptz,
    acknowledged boolean NOT NULL,
    message text,
    predicted_wear_level double precision,
    estimated_remaining_hours double precision,
    recommendations text,
    model_version text NOT NULL,
    gateway text NOT NULL,
    analysis_id bigint NOT NULL,
    PRIMARY KEY(device_id, time, gateway, analysis_id)) {{by_time}};
CREATE INDEX ai_analysis_by_time ON public.ai_analysis USING brin(time) WITH (autosummarize = on);
COMMENT ON TABLE public.ai_analysis IS 'What the analysis said about readings; advisory.';
COMMENT ON COLUMN public.ai_analysis.time IS 'Time of the reading it is about; UTC, microseconds.';
COMMENT ON COLUMN public.ai_analysis.device_id IS 'Name of the machine, see devices.';
COMMENT ON COLUMN public.ai_analysis.has_anomaly IS 'Whether an alarm was active.';
COMMENT ON COLUMN public.ai_analysis.anomaly_score IS 'How unusual; 0 (usual) to 1. While an alarm is active, its highest.';
COMMENT ON COLUMN public.ai_analysis.anomaly_type IS 'spike, level_shift, drift, variance_change, stuck, dropout, correlation_break or spectral_change.';
COMMENT ON COLUMN public.ai_analysis.confidence IS 'That the type is right; 0 to 1.';
COMMENT ON COLUMN public.ai_analysis.learning IS 'Whether the baselines were not complete yet; alarms are held back then.';
COMMENT ON COLUMN public.ai_analysis.event IS 'Number of the alarm of the machine; 0: none.';
COMMENT ON COLUMN public.ai_analysis.since IS 'When the alarm began; UTC.';
COMMENT ON COLUMN public.ai_analysis.acknowledged IS 'Whether somebody had acknowledged the alarm.';
COMMENT ON COLUMN public.ai_analysis.message IS 'One sentence for a technician.';
COMMENT ON COLUMN public.ai_analysis.predicted_wear_level IS 'Wear; 0 (new) to 1 (at the limit).';
COMMENT ON COLUMN public.ai_analysis.estimated_remaining_hours IS 'Until the limit of wear, median; unit: h.';
COMMENT ON COLUMN public.ai_analysis.recommendations IS 'What to do, one line each.';
COMMENT ON COLUMN public.ai_analysis.model_version IS 'Version of the method.';
COMMENT ON COLUMN public.ai_analysis.gateway IS 'Name of the gateway that said it.';
COMMENT ON COLUMN public.ai_analysis.analysis_id IS 'Number of the analysis at that gateway.';

CREATE TABLE public.device_latest(
    time timestamptz NOT NULL,
    device_id text PRIMARY KEY,
    temperature double precision,
    current double precision,
    vibration double precision,
    spindle_speed double precision,
    power_kw double precision,
    feed_rate double precision,
    is_safe boolean,
    metrics jsonb,
    seq bigint NOT NULL) WITH (fillfactor = 50);
COMMENT ON TABLE public.device_latest IS 'The newest reading of each machine.';
COMMENT ON COLUMN public.device_latest.time IS 'Time of the reading, by the machine; UTC, microseconds.';
COMMENT ON COLUMN public.device_latest.device_id IS 'Name of the machine, see devices.';
COMMENT ON COLUMN public.device_latest.temperature IS 'Temperature; unit: °C.';
COMMENT ON COLUMN public.device_latest.current IS 'Motor current; unit: A.';
COMMENT ON COLUMN public.device_latest.vibration IS 'Magnitude of the vibration; unit: m/s².';
COMMENT ON COLUMN public.device_latest.spindle_speed IS 'Spindle speed; unit: 1/min.';
COMMENT ON COLUMN public.device_latest.power_kw IS 'Power drawn; unit: kW.';
COMMENT ON COLUMN public.device_latest.feed_rate IS 'Feed rate; unit: mm/min.';
COMMENT ON COLUMN public.device_latest.is_safe IS 'Whether the machine was safe.';
COMMENT ON COLUMN public.device_latest.metrics IS 'Further metrics by name.';
COMMENT ON COLUMN public.device_latest.seq IS 'As sensor_data.seq.';

CREATE TABLE public.production_orders(
    order_id text PRIMARY KEY,
    status text NOT NULL,
    material text,
    operation text,
    unit text,
    device_id text,
    quantity double precision,
    ideal_cycle_seconds double precision,
    planned_start timestamptz,
    planned_end timestamptz,
    started timestamptz,
    completion_time timestamptz,
    quantity_produced double precision NOT NULL,
    quantity_rejected double precision NOT NULL,
    quantity_reworked double precision NOT NULL,
    changed timestamptz NOT NULL);
COMMENT ON TABLE public.production_orders IS 'Production orders and what was reported of them.';
COMMENT ON COLUMN public.production_orders.order_id IS 'Number of the order, as in the ERP.';
COMMENT ON COLUMN public.production_orders.status IS 'released, started, interrupted or completed.';
COMMENT ON COLUMN public.production_orders.material IS 'What is made.';
COMMENT ON COLUMN public.production_orders.operation IS 'Operation of the routing.';
COMMENT ON COLUMN public.production_orders.unit IS 'Unit of the quantities.';
COMMENT ON COLUMN public.production_orders.device_id IS 'Machine on which it is made.';
COMMENT ON COLUMN public.production_orders.quantity IS 'Quantity ordered; unit: see unit.';
COMMENT ON COLUMN public.production_orders.ideal_cycle_seconds IS 'For one piece, at best; unit: s.';
COMMENT ON COLUMN public.production_orders.planned_start IS 'Planned start; UTC.';
COMMENT ON COLUMN public.production_orders.planned_end IS 'Planned end; UTC.';
COMMENT ON COLUMN public.production_orders.started IS 'When it was started; UTC.';
COMMENT ON COLUMN public.production_orders.completion_time IS 'When it was completed; UTC.';
COMMENT ON COLUMN public.production_orders.quantity_produced IS 'Good pieces reported so far; unit: see unit.';
COMMENT ON COLUMN public.production_orders.quantity_rejected IS 'Scrap reported so far; unit: see unit.';
COMMENT ON COLUMN public.production_orders.quantity_reworked IS 'Rework reported so far; unit: see unit.';
COMMENT ON COLUMN public.production_orders.changed IS 'When the row changed last, by the gateway; UTC.';

CREATE TABLE public.production_reports(
    event_id text PRIMARY KEY,
    order_id text NOT NULL,
    device_id text,
    quantity_produced double precision NOT NULL,
    quantity_rejected double precision NOT NULL,
    quantity_reworked double precision NOT NULL,
    final boolean NOT NULL,
    reason_code text,
    completion_time timestamptz NOT NULL,
    received timestamptz NOT NULL);
CREATE INDEX production_reports_by_order ON public.production_reports(order_id);
CREATE INDEX production_reports_by_time ON public.production_reports(completion_time);
COMMENT ON TABLE public.production_reports IS 'Quantities reported of orders, each since the report before.';
COMMENT ON COLUMN public.production_reports.event_id IS 'Number of the report.';
COMMENT ON COLUMN public.production_reports.order_id IS 'Number of the order.';
COMMENT ON COLUMN public.production_reports.device_id IS 'Machine that made it.';
COMMENT ON COLUMN public.production_reports.quantity_produced IS 'Good pieces; unit: that of the order.';
COMMENT ON COLUMN public.production_reports.quantity_rejected IS 'Scrap; unit: that of the order.';
COMMENT ON COLUMN public.production_reports.quantity_reworked IS 'Rework; unit: that of the order.';
COMMENT ON COLUMN public.production_reports.final IS 'Whether it completed the order.';
COMMENT ON COLUMN public.production_reports.reason_code IS 'Reason of the scrap.';
COMMENT ON COLUMN public.production_reports.completion_time IS 'When it was made; UTC.';
COMMENT ON COLUMN public.production_reports.received IS 'When it was reported; UTC.';

CREATE TABLE public.inspection_results(
    event_id text NOT NULL,
    position integer NOT NULL,
    lot_id text NOT NULL,
    device_id text,
    order_id text,
    result text,
    computed_result text NOT NULL,
    name text NOT NULL,
    measured_value double precision NOT NULL,
    target double precision,
    tolerance double precision,
    lower_limit double precision,
    upper_limit double precision,
    passed boolean,
    time timestamptz NOT NULL,
    received timestamptz NOT NULL,
    PRIMARY KEY(event_id, position));
CREATE INDEX inspection_results_by_lot ON public.inspection_results(lot_id);
CREATE INDEX inspection_results_by_time ON public.inspection_results(time);
COMMENT ON TABLE public.inspection_results IS 'Measured characteristics of inspection lots, one row each.';
COMMENT ON COLUMN public.inspection_results.event_id IS 'Number of the inspection.';
COMMENT ON COLUMN public.inspection_results.position IS 'Place of the characteristic in the inspection, from 0.';
COMMENT ON COLUMN public.inspection_results.lot_id IS 'Number of the inspection lot.';
COMMENT ON COLUMN public.inspection_results.device_id IS 'Machine that made the lot.';
COMMENT ON COLUMN public.inspection_results.order_id IS 'Number of the order.';
COMMENT ON COLUMN public.inspection_results.result IS 'passed or failed, as stated for the whole inspection.';
COMMENT ON COLUMN public.inspection_results.computed_result IS 'passed, failed or unknown, of the whole inspection, by the limits.';
COMMENT ON COLUMN public.inspection_results.name IS 'Name of the characteristic.';
COMMENT ON COLUMN public.inspection_results.measured_value IS 'What was measured; unit: that of the characteristic.';
COMMENT ON COLUMN public.inspection_results.target IS 'What it should be; unit: that of the characteristic.';
COMMENT ON COLUMN public.inspection_results.tolerance IS 'Allowed distance from the target; unit: that of the characteristic.';
COMMENT ON COLUMN public.inspection_results.lower_limit IS 'Lower limit, inclusive; unit: that of the characteristic.';
COMMENT ON COLUMN public.inspection_results.upper_limit IS 'Upper limit, inclusive; unit: that of the characteristic.';
COMMENT ON COLUMN public.inspection_results.passed IS 'Whether this one is within its limits.';
COMMENT ON COLUMN public.inspection_results.time IS 'When it was measured; UTC.';
COMMENT ON COLUMN public.inspection_results.received IS 'When it was reported; UTC.';

CREATE TABLE public.equipment_status(
    event_id text PRIMARY KEY,
    device_id text NOT NULL,
    status text NOT NULL,
    reason_code text,
    downtime_start timestamptz NOT NULL,
    downtime_end timestamptz,
    received timestamptz NOT NULL);
CREATE INDEX equipment_status_by_device ON public.equipment_status(device_id, downtime_start);
COMMENT ON TABLE public.equipment_status IS 'States of machines with their spans of time.';
COMMENT ON COLUMN public.equipment_status.event_id IS 'Number of the report.';
COMMENT ON COLUMN public.equipment_status.device_id IS 'Name of the machine, see devices.';
COMMENT ON COLUMN public.equipment_status.status IS 'State of the machine; down and maintenance are downtimes.';
COMMENT ON COLUMN public.equipment_status.reason_code IS 'Why.';
COMMENT ON COLUMN public.equipment_status.downtime_start IS 'Since when, inclusive; UTC.';
COMMENT ON COLUMN public.equipment_status.downtime_end IS 'Until when, exclusive; empty: it goes on; UTC.';
COMMENT ON COLUMN public.equipment_status.received IS 'When it was reported; UTC.';

CREATE VIEW public.modax_schema AS
    SELECT version, name, applied_at FROM modax_internal.schema_version;
COMMENT ON VIEW public.modax_schema IS 'Versions of these tables; the highest is the present one. Columns are added, never renamed.';
COMMENT ON COLUMN public.modax_schema.version IS 'Version of the tables.';
COMMENT ON COLUMN public.modax_schema.name IS 'What it brought.';
COMMENT ON COLUMN public.modax_schema.applied_at IS 'When it was put in place; UTC.';

-- Metrics that were declared as columns of sensor_data.
CREATE TABLE modax_internal.metric_columns(
    name text PRIMARY KEY, type text NOT NULL, unit text NOT NULL);
-- Tables that are kept in weeks, and what of them retention has taken: everything before.
CREATE TABLE modax_internal.time_tables(name text PRIMARY KEY, kept_from timestamptz);
INSERT INTO modax_internal.time_tables VALUES('sensor_data'), ('safety_events'), ('ai_analysis');
