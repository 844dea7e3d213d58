"""What a client can do, written once for the blocking and the asyncio client.

An operation is a generator: it yields what it wants done (`effects`), a client does it
in its own way and sends the outcome back. So operations neither block nor await, and
deadlines, retries and conversions are the same in both clients. Their first parameter
is the session; the others, and the docstring, are those of the clients' methods.

Messages are imported inside the operations, since importing the protobuf runtime takes
half as long as importing gRPC; a client imports it when it is made.
"""
