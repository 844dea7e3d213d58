import threading
import uuid

from hypothesis import given
from hypothesis import strategies as st

from recserve.client import Event
from recserve.client.event_id import EventIds


@given(st.lists(st.integers(0, 2**63), min_size=1))
def test_ids_always_rise_even_where_the_clock_goes_back(times):
    clock = iter(times)
    ids = EventIds(lambda: next(clock), lambda size: bytes(size))
    made = [ids() for _ in times]
    assert made == sorted(set(made))


@given(st.integers(0, 2**47 * 10**6), st.binary(min_size=8, max_size=8))
def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front(time_ns, chance):
    made = uuid.UUID(EventIds(lambda: time_ns, lambda _: chance)())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == max(time_ns // 1_000_000, 0)


def test_threads_never_get_the_same_id():
    ids = EventIds(random_bytes=bytes)
    made = []

    def make():
        made.extend([ids() for _ in range(500)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4000


def test_an_event_keeps_the_id_it_is_given_and_makes_one_otherwise():
    assert Event("u", "i", "click", event_id="mine").event_id == "mine"
    assert Event("u", "i", "click").event_id != Event("u", "i", "click").event_id
