"""A load generator: what `recserve bench` measures a server with.

It calls the generated stubs directly, without the SDK's retries and conversions, so that the
figures are those of the server and of gRPC.
"""
