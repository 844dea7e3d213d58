"""What can be known to be wrong before anything is started."""

import ssl

from recserve.server import logs
from recserve.server.errors import ConfigurationError
from recserve.server.front_end.transports.choice import choose, native_lacks
from recserve.server.model_store.location import StoreUrl
from recserve.server.model_store.objects import check_url_is_known
from recserve.server.schema import load_schema
from recserve.server.settings import Settings


def check(settings: Settings, *, with_events: bool = True) -> None:
    """Look at everything that the settings name.

    Args:
        settings: The settings.
        with_events: Look at the URL of the event log too. That needs the database's packages, and
            the front end does it anyway when it starts.

    Raises:
        ConfigurationError: the store is no folder, the schema or the TLS files cannot be used,
            the event log has no place, or the transport that is asked for cannot be had.
    """
    if with_events:
        from recserve.server.database.location import check_url

        check_url(settings.events)
    if settings.schema_file is not None:
        load_schema(settings.schema_file)
    _check_store(settings)
    choose(settings.transport, tls=settings.tls_key is not None, native_lacks=native_lacks())
    _check_tls(settings)


def _check_store(settings: Settings) -> None:
    if isinstance(settings.store, StoreUrl):
        check_url_is_known(settings.store)
        return
    for folder in (settings.store, settings.model_folder):
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(f"the model store {folder} is a file; --store names a folder")
    if settings.store.is_dir() and not settings.model_folder.exists():
        others = sorted(
            path.name
            for path in settings.store.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        )
        if others:
            logs.get("store").warning(
                "the store has other models: name one with --model",
                model=settings.model,
                found=others[:10],
            )


def _check_tls(settings: Settings) -> None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    pair = settings.tls_certificate, settings.tls_key
    for path in pair:
        if not path.is_file():
            raise ConfigurationError(f"the TLS file {path} is not there")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*pair, password=_no_password)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"--tls-certificate {pair[0]} and --tls-key {pair[1]} are no pair of a PEM certificate "
            f"chain and its private key: {error}"
        ) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted; give one that is not")
