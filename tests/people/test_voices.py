"""Voices become people's once they were heard together often enough."""

from hypothesis import given
from hypothesis import strategies as st

from edge.people.voices import Bindings, BindingSettings


def test_a_voice_is_somebodys_after_a_while() -> None:
    bindings = Bindings(BindingSettings())
    assert bindings.person(1) is None
    for _ in range(14):
        bindings.add(1, 7, 0.1)
    assert bindings.person(1) is None
    bindings.add(1, 7, 0.2)
    assert bindings.person(1) == 7
    assert bindings.voice(7) == 1
    assert bindings.voice(8) is None


def test_a_voice_heard_with_two_people_is_nobodys() -> None:
    bindings = Bindings(BindingSettings())
    bindings.add(1, 7, 5.0)
    bindings.add(1, 8, 5.0)
    assert bindings.person(1) is None


def test_two_voices_may_be_one_persons() -> None:
    bindings = Bindings(BindingSettings())
    bindings.add(1, 7, 2.0)
    bindings.add(2, 7, 4.0)
    assert bindings.person(1) == bindings.person(2) == 7
    assert bindings.voice(7) == 2


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.floats(0, 1)), max_size=60))
def test_a_voice_is_of_one_person_at_most(heard: list[tuple[int, int, float]]) -> None:
    bindings = Bindings(BindingSettings())
    for voice, person, seconds in heard:
        bindings.add(voice, person, seconds)
    for person in (1, 2, 3):
        own = bindings.voice(person)
        assert own is None or bindings.person(own) == person
