"""Health, from messages."""

from grpc_health.v1 import health_pb2

from recserve.client.server_status import Health


def health_from(response: health_pb2.HealthCheckResponse) -> Health:
    """The health that a response holds; what this release does not know is `UNKNOWN`."""
    known = {
        health_pb2.HealthCheckResponse.SERVING: Health.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING: Health.NOT_SERVING,
        health_pb2.HealthCheckResponse.SERVICE_UNKNOWN: Health.SERVICE_UNKNOWN,
    }
    return known.get(response.status, Health.UNKNOWN)
