"""Pages of what matches, of candidates that are read piece by piece."""

from hypothesis import given
from hypothesis import strategies as st

from mapping.filtering.language import parse
from storage.read.paging import Cursor
from storage.read.sifting import PIECE, Match, exact, of_sorted, sift


@given(
    st.sets(st.integers(0, 2_000), max_size=900),
    st.integers(1, 7),
    st.integers(1, 40),
    st.sampled_from([1, PIECE, 10_000]),
    st.sampled_from([None, 3, 50_000]),
)
async def test_pages_together_are_all_that_matches_and_each_has_its_bound(numbers, every, limit, most, events):
    places = [(number // 3, f"{number:04}") for number in sorted(numbers)]
    wanted = [place for number, place in zip(sorted(numbers), places, strict=True) if number % every == 0]
    looked_at = 0

    async def matching(piece):
        nonlocal looked_at
        looked_at += len(piece)
        return [Match(place, [("t", events or 0)]) for place in piece if int(place[1]) % every == 0]

    async def with_attributes(matches):
        return [match for match in matches if int(match.place[1]) % (2 * every) == 0]

    if events is not None:
        wanted = [place for place in wanted if int(place[1]) % (2 * every) == 0]
    listed, after, pages = [], None, 0
    while True:
        looked_at = 0
        page = await sift(of_sorted(places), matching, with_attributes if events else None, limit, after, most)
        assert len(page.places) <= limit
        assert looked_at < most + PIECE or len(page.places) == limit
        listed += page.places
        pages += 1
        if page.next is None:
            break
        assert after is None or page.next > after
        after = page.next
    assert listed == wanted


async def test_candidates_of_a_list_follow_a_cursor():
    candidates = of_sorted([(2, "b"), (1, "z"), (2, "a")])
    assert await candidates(5, None) == [(1, "z"), (2, "a"), (2, "b")]
    assert await candidates(1, Cursor(1, "z")) == [(2, "a")]
    assert await candidates(5, Cursor(2, "b")) == []


def test_one_name_is_known_where_a_term_says_it_as_it_is():
    terms = parse("agent:a* -agent:b agent:c tool:t")
    assert (exact(terms, "agent"), exact(terms, "tool"), exact(terms, "model")) == ("c", "t", None)
