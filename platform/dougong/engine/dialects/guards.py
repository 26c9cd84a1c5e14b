"""What keeps the audit log as it was written: triggers that refuse every change but erasing what is personal.

They hold off whoever reaches the database through the application's own account; whoever may drop them is found by the
chain (`dougong.engine.audit.verify`).
"""

from __future__ import annotations

SQLITE = (
    """
CREATE TRIGGER IF NOT EXISTS dg_audit_kept BEFORE DELETE ON dg_audit
BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END
""",
    """
CREATE TRIGGER IF NOT EXISTS dg_audit_unaltered BEFORE UPDATE ON dg_audit
WHEN NEW.personal IS NOT NULL
    OR (NEW.seq, NEW.at, NEW.kind, NEW.actor_id, NEW.target, NEW.body, NEW.hash)
    IS NOT (OLD.seq, OLD.at, OLD.kind, OLD.actor_id, OLD.target, OLD.body, OLD.hash)
BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END
""",
)

POSTGRESQL = """
CREATE OR REPLACE FUNCTION dg_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.personal IS NULL AND to_jsonb(NEW) - 'personal' = to_jsonb(OLD) - 'personal' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'dg_audit is append-only';
END $$;
DO $$
BEGIN
    -- Asked first: replacing a trigger would wait for everybody who writes to the log.
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'dg_audit_kept' AND tgrelid = 'dg_audit'::regclass) THEN
        CREATE TRIGGER dg_audit_kept BEFORE UPDATE OR DELETE ON dg_audit
            FOR EACH ROW EXECUTE FUNCTION dg_audit_guard();
        CREATE TRIGGER dg_audit_kept_all BEFORE TRUNCATE ON dg_audit
            FOR EACH STATEMENT EXECUTE FUNCTION dg_audit_guard();
    END IF;
END $$
"""
