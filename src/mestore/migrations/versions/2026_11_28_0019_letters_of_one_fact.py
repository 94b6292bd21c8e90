"""Letters of one fact leave by one job: those that wait when this comes are jobs of one letter each."""

from collections.abc import Sequence

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        """
        UPDATE pgqueuer SET
            entrypoint = replace(entrypoint, 'send_message', 'send_letters'),
            payload = convert_to(
                jsonb_build_object('message_ids', jsonb_build_array(payload_json -> 'message_id'))::text, 'UTF8')
        FROM (SELECT id AS job_id, convert_from(payload, 'UTF8')::jsonb AS payload_json FROM pgqueuer) AS read
        WHERE id = job_id AND entrypoint IN ('notifications.send_message', 'notifications.send_code')
        """
    )


def downgrade() -> None:
    op.execute(
        """
        WITH letters AS (
            DELETE FROM pgqueuer WHERE entrypoint IN ('notifications.send_letters', 'notifications.send_code')
            RETURNING *
        )
        INSERT INTO pgqueuer (priority, status, entrypoint, payload, headers, created)
        SELECT priority, status, replace(entrypoint, 'send_letters', 'send_message'),
            convert_to(jsonb_build_object('message_id', message_id)::text, 'UTF8'), headers, created
        FROM letters, jsonb_array_elements(convert_from(payload, 'UTF8')::jsonb -> 'message_ids') AS message_id
        """
    )
