"""The only code of the SDK that knows channels, stubs and messages; imported late."""
