import inspect
import json
import subprocess
import sys

import grpc
from google.protobuf.message import Message

import recserve.client
from recserve.client import AsyncClient, AsyncTrainingRun, Client, TrainingRun


def test_all_is_sorted_complete_and_importable():
    names = recserve.client.__all__
    assert sorted(set(names), key=str.lower) == sorted(names, key=str.lower)
    assert names == recserve.client.__dir__()
    assert set(names) == set(recserve.client._MODULES)
    assert all(getattr(recserve.client, name) is not None for name in names)


def test_every_public_class_of_the_value_and_error_modules_is_in_all():
    from recserve.client import (
        catalogue,
        erasure_receipt,
        errors,
        event,
        feedback_sender,
        join_receipt,
        model_version,
        recommendation,
        server_status,
        settings,
        training_run_status,
        version_comparison,
    )

    modules = [catalogue, errors, event, feedback_sender, model_version]
    modules += [recommendation, server_status, settings, training_run_status]
    modules += [erasure_receipt, join_receipt, version_comparison]
    defined = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__
    }
    assert defined - set(recserve.client.__all__) == set()


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(recserve.client, "Recommender")


def test_importing_the_clients_loads_no_heavy_package_and_no_messages():
    program = (
        "import json, sys; from recserve.client import *; print(json.dumps(sorted(sys.modules)))"
    )
    loaded = set(json.loads(subprocess.check_output([sys.executable, "-c", program])))
    assert "grpc" in loaded
    heavy = {"tensorflow", "keras", "numpy", "pandas", "click", "rich"}
    late = {"google.protobuf", "google.rpc", "concurrent.futures.thread", "recserve.v1"}
    assert loaded & (heavy | late) == set()


def test_help_of_the_command_loads_neither_grpc_nor_messages():
    program = (
        "import json, sys; from recserve.client.command import main; "
        "main(['--help'], standalone_mode=False); "
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert {"grpc", "google.protobuf", "rich"} & set(json.loads(done.stderr)) == set()


def test_both_clients_have_the_same_methods_with_the_same_parameters():
    names = ["recommend", "recommend_frame", "feedback", "feedback_many"]
    names += ["models", "model", "status", "health", "set_model_label", "delete_model_version"]
    names += ["training_runs", "upsert_items", "upsert_users", "item", "user", "delete_items"]
    names += ["delete_user", "join_users", "compare_versions"]
    for name in names:
        blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
        assert inspect.signature(blocking) == inspect.signature(awaited)
        assert inspect.iscoroutinefunction(awaited)
        assert not inspect.iscoroutinefunction(blocking)
        assert blocking.__doc__


def test_signatures_show_the_method_and_not_the_session():
    signature = inspect.signature(Client.feedback)
    assert list(signature.parameters)[:4] == ["self", "user_id", "item_id", "event_type"]
    assert signature.return_annotation is recserve.client.FeedbackReceipt


def test_no_message_and_no_stub_is_in_the_public_face():
    values = [getattr(recserve.client, name) for name in recserve.client.__all__]
    classes = [value for value in values if inspect.isclass(value)]
    assert not any(issubclass(one, Message | grpc.RpcError) for one in classes)
    assert not any("Stub" in base.__name__ for one in classes for base in one.__mro__)


def test_the_handles_of_trainings_have_the_same_methods():
    for name in ("refresh", "done", "result", "cancel"):
        blocking, awaited = getattr(TrainingRun, name), getattr(AsyncTrainingRun, name)
        assert inspect.signature(blocking) == inspect.signature(awaited)
        assert inspect.iscoroutinefunction(awaited)
    for name in ("train", "training_run"):
        blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
        parameters = inspect.signature(blocking).parameters
        assert parameters == inspect.signature(awaited).parameters
        assert inspect.signature(blocking).return_annotation is TrainingRun
        assert inspect.signature(awaited).return_annotation is AsyncTrainingRun
        assert blocking.__doc__
