"""The parts of identity by themselves, on a clock that the tests move."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.common.log import scrub
from aimonitor.hub.identity import passwords, secret
from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.pairing import EXPIRES_S
from aimonitor.hub.identity.peer import Peer
from aimonitor.hub.identity.roles import Caller, Refused, Role
from aimonitor.hub.identity.tokens import OVERLAP_S
from aimonitor.hub.identity.vaults.memory import MemoryVault
from aimonitor.hub.limits import Guesses
from aimonitor.hub.settings import DeviceToken, HubSettings
from aimonitor.hub.stores.base import StoreError

HOUR, DAY = 3600.0, 86_400.0
PASSWORD = "correct horse battery"


class Flaky(MemoryVault):
    """A vault that can be away."""

    away = False

    async def get(self, shelf, key):
        if self.away:
            raise StoreError("it is away")
        return await super().get(shelf, key)

    async def all(self, shelf):
        if self.away:
            raise StoreError("it is away")
        return await super().all(shelf)

    async def swap(self, shelf, key, old, new):
        if self.away:
            raise StoreError("it is away")
        return await super().swap(shelf, key, old, new)


def peer(address="203.0.113.7", *, local=False):
    return Peer(address, address, local, secure=False, safe=True, origin=None, host="hub")


def tell(story, **settings):
    """Run a story with an identity, its clock and its vault."""

    async def run():
        clock, vault = ManualClock(), Flaky()
        identity = Identity(HubSettings(history_path=":memory:", **settings), clock, vault)
        await identity.open()
        try:
            await story(SimpleNamespace(identity=identity, clock=clock, vault=vault))
        finally:
            vault.away = False
            await identity.close()

    asyncio.run(run())


async def refusal(coroutine):
    """How something was refused: status and field."""
    with pytest.raises(Refused) as caught:
        await coroutine
    return caught.value.status, caught.value.field


# --- people and sessions --------------------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_not_used_and_in_any_case_after_its_time():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        _, idle = await it.identity.sign_in("dana", PASSWORD, peer())
        _, used = await it.identity.sign_in("DANA ", PASSWORD, peer())
        find = it.identity.sessions.find
        for _ in range(10):
            it.clock.advance(9 * HOUR)
            assert (await find(used)).name == "Dana"
        assert await find(idle) is None
        it.clock.advance(2 * DAY)  # less than ten idle hours at a time, until four days are over
        assert await find(used) is None
        assert await it.vault.all("session") == {}

    tell(story, session_idle_hours=10, session_days=4)


def test_what_is_over_is_swept_away():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        _, text = await it.identity.sign_in("Dana", PASSWORD, peer())
        await it.identity.sessions.ticket(await it.identity.sessions.find(text))
        await it.identity.pairings.ask("yard", "", address="a", network="a")
        it.clock.advance(EXPIRES_S)
        await it.identity.sessions.sweep()
        await it.identity.pairings.sweep()
        assert (len(await it.vault.all("session")), await it.vault.all("ticket")) == (1, {})
        assert await it.vault.all("pairing") == {}
        it.clock.advance(4 * DAY)
        await it.identity.sessions.sweep()
        assert await it.vault.all("session") == {}

    tell(story)


def test_a_new_password_ends_every_session_but_the_new_one():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        _, one = await it.identity.sign_in("Dana", PASSWORD, peer())
        _, other = await it.identity.change_password("Dana", PASSWORD, "battery horse correct", peer())
        find = it.identity.sessions.find
        assert (await find(one), (await find(other)).name) == (None, "Dana")
        assert await refusal(it.identity.sign_in("Dana", PASSWORD, peer())) == (401, "credentials")
        await it.identity.people.add("Second", Role.ADMIN, PASSWORD)
        await it.identity.people.remove("dana")
        assert await find(other) is None

    tell(story)


def test_while_the_vault_is_away_who_is_signed_in_stays_and_nobody_else_comes_in():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        _, known = await it.identity.sign_in("Dana", PASSWORD, peer())
        token, text = await it.identity.tokens.make("yard", edge_id="yard", role=None)
        assert await it.identity.sessions.find(known)
        it.vault.away = True
        it.clock.advance(90)
        assert (await it.identity.sessions.find(known)).name == "Dana"
        assert (await it.identity.tokens.check(text)).key == token.token_id
        assert await it.identity.sessions.find("never-seen") is None
        assert await it.identity.tokens.check("aim_never_seen") is None
        with pytest.raises(StoreError):
            await it.identity.people.refresh()
        assert it.identity.people.any
        assert not it.identity.open_to(peer("127.0.0.1", local=True))

    tell(story)


def test_a_ticket_is_good_once_and_for_half_a_minute():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        _, text = await it.identity.sign_in("Dana", PASSWORD, peer())
        caller = await it.identity.sessions.find(text)
        ticket = await it.identity.sessions.ticket(caller)
        assert (await it.identity.by_ticket(ticket, peer())).name == "Dana"
        assert (await refusal(it.identity.by_ticket(ticket, peer())))[0] == 401
        late = await it.identity.sessions.ticket(caller)
        it.clock.advance(30)
        assert (await refusal(it.identity.by_ticket(late, peer())))[0] == 401
        after = await it.identity.sessions.ticket(caller)
        await it.identity.sessions.end(caller.key)
        assert (await refusal(it.identity.by_ticket(after, peer())))[0] == 401

    tell(story)


@pytest.mark.parametrize(
    ("password", "got"),
    [("short", "5"), ("x" * 257, "257"), ("aaaaaaaaaaaa", "1"), ("DANIELEWICZ", "the name"), ("123412341234", "4")],
)
def test_passwords_that_are_no_good_are_refused_and_not_repeated(password, got):
    async def story(it):
        with pytest.raises(Refused) as caught:
            await it.identity.people.add("Danielewicz", Role.ADMIN, password)
        refused = caught.value
        assert (refused.status, refused.field, refused.got) == (422, "$.password", got)
        assert password not in str(refused)

    tell(story)


@pytest.mark.parametrize("name", ["", " ", "<b>", "a\nb", "a\u202eb", "x" * 65, "/etc/passwd", "-", "a;b"])
def test_names_that_are_no_names(name):
    async def story(it):
        assert await refusal(it.identity.people.add(name, Role.ADMIN, PASSWORD)) == (422, "$.name")

    tell(story)


@pytest.mark.parametrize("name", ["Dana", "דנה לוי", "علی", "O'Neil", "d.levi@example.org", "Ünal-2", "李"])
def test_names_of_people(name):
    async def story(it):
        await it.identity.people.add(name, Role.ADMIN, PASSWORD)
        person, _ = await it.identity.sign_in(name.upper(), PASSWORD, peer())
        assert person.name == name
        assert await refusal(it.identity.people.add(name.upper(), Role.ADMIN, PASSWORD)) == (409, "$.name")

    tell(story)


def test_the_same_password_from_another_keyboard():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, "caf\u00e9 au lait ﬁn")
        assert await it.identity.sign_in("Dana", "cafe\u0301 au lait fin", peer())

    tell(story)


def test_the_first_person_is_an_admin():
    async def story(it):
        assert await refusal(it.identity.people.add("Dana", Role.VIEWER, PASSWORD)) == (422, "$.role")

    tell(story)


def test_the_admin_of_the_environment_is_always_there_and_the_same_in_every_hub():
    async def story(it):
        identity = it.identity
        assert (identity.people.any, identity.open_to(peer(local=True))) == (True, False)
        _, text = await identity.sign_in("admin", "from the environment", peer())
        assert (await identity.sessions.find(text)).role is Role.ADMIN
        other = Identity(
            HubSettings(history_path=":memory:", admin_password="from the environment"), it.clock, it.vault
        )
        assert (await other.sessions.find(text)).name == "admin"
        changed = Identity(HubSettings(history_path=":memory:", admin_password="another password"), it.clock, it.vault)
        assert await changed.sessions.find(text) is None
        for change in (
            identity.people.change("Admin", role=Role.VIEWER),
            identity.people.remove("admin"),
            identity.change_password("admin", "from the environment", PASSWORD, peer()),
        ):
            assert await refusal(change) == (409, "name")
        assert await refusal(identity.people.add("ADMIN", Role.ADMIN, PASSWORD)) == (409, "$.name")

    tell(story, admin_password="from the environment")


# --- guessing -------------------------------------------------------------------------------------------------------


def test_who_guesses_waits_longer_each_time_and_is_forgiven_after_an_hour():
    guesses, at = Guesses(), 0.0
    for expected_s in (60, 120, 240, 480, 900, 900):
        for number in range(5):
            assert not guesses.wait_s("a", at + number)
            guesses.wrong("a", at + number)
        assert guesses.wait_s("a", at + 4) == expected_s
        at += 4 + expected_s
    at += 3601
    for _ in range(5):
        guesses.wrong("a", at)
    assert guesses.wait_s("a", at) == 60


def test_sign_ins_are_slowed_by_address_and_by_name():
    async def story(it):
        identity = it.identity
        await identity.people.add("Dana", Role.ADMIN, PASSWORD)
        await identity.people.add("Omar", Role.VIEWER, PASSWORD)
        assert await identity.sign_in("Dana", PASSWORD, peer("198.51.100.1"))
        tries = [await refusal(identity.sign_in("Dana", f"wrong {n}", peer("203.0.113.7"))) for n in range(7)]
        assert [status for status, _ in tries] == [401] * 5 + [429] * 2
        assert (await refusal(identity.sign_in("Omar", PASSWORD, peer("203.0.113.7"))))[0] == 429
        assert (await refusal(identity.sign_in("Dana", PASSWORD, peer("203.0.113.8"))))[0] == 429
        assert await identity.sign_in("Omar", PASSWORD, peer("203.0.113.8"))
        assert await identity.sign_in("Dana", PASSWORD, peer("198.51.100.1"))  # where she has been before
        it.clock.advance(61)
        assert await identity.sign_in("Dana", PASSWORD, peer("203.0.113.8"))

    tell(story)


def test_tries_at_once_are_looked_at_one_after_the_other():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        tries = [it.identity.sign_in("Dana", f"wrong {number}", peer()) for number in range(30)]
        refused = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(each.status for each in refused) == [401] * 5 + [429] * 25

    tell(story)


def test_names_that_nobody_has_are_slowed_like_others():
    async def story(it):
        await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
        tries = [await refusal(it.identity.sign_in("Eve", PASSWORD, peer(f"203.0.113.{n}"))) for n in range(6)]
        assert [status for status, _ in tries] == [401] * 5 + [429]

    tell(story)


def test_guessing_at_a_token_does_not_lock_its_device_out():
    async def story(it):
        identity = it.identity
        token, text = await identity.tokens.make("yard", edge_id="yard", role=None)
        wrong = secret.with_id(token.token_id)
        tries = [await refusal(identity.edge(wrong, peer(f"203.0.113.{n}"))) for n in range(7)]
        assert [status for status, _ in tries] == [401] * 5 + [429] * 2
        assert (await identity.edge(text, peer("198.51.100.1"))).edge_id == "yard"

    tell(story)


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_after_a_rotation_both_are_good_until_the_new_one_is_used():
    async def story(it):
        tokens = it.identity.tokens
        token, old = await tokens.make("yard", edge_id="yard", role=None)
        holder = await tokens.check(old)
        _, new = await tokens.rotate(token.token_id)
        assert (await tokens.check(old), await tokens.still(holder)) == (holder, holder)
        assert (await tokens.check(new)).edge_id == "yard"
        assert (await tokens.check(old), await tokens.still(holder)) == (None, None)

    tell(story)


def test_a_rotation_that_is_never_taken_up_ends_the_old_one_after_a_day():
    async def story(it):
        tokens = it.identity.tokens
        token, old = await tokens.make("yard", edge_id="yard", role=None)
        await tokens.rotate(token.token_id)
        it.clock.advance(OVERLAP_S - 1)
        assert await tokens.check(old)
        it.clock.advance(1)
        assert await tokens.check(old) is None

    tell(story)


def test_tokens_are_long_and_kept_as_digests_only():
    async def story(it):
        token, text = await it.identity.tokens.make("yard", edge_id="yard", role=None)
        assert text.startswith(f"aim_{token.token_id}_")
        assert len(text.rpartition("_")[2]) >= 43 or len(text) >= 60
        _, cookie = await _dana(it)
        kept = b"".join([record for shelf in it.vault._shelves.values() for record in shelf.values()])
        assert text.encode() not in kept
        assert cookie.encode() not in kept
        assert PASSWORD.encode() not in kept
        assert b"$argon2id$v=19$m=19456,t=2,p=1$" in kept
        assert it.identity.tokens.all()[0].digest == secret.digest(text)

    tell(story)


async def _dana(it):
    await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
    return await it.identity.sign_in("Dana", PASSWORD, peer())


def test_the_tokens_of_the_settings_name_edges_roles_or_anybody():
    async def story(it):
        tokens = it.identity.tokens
        found = [await tokens.check(text) for text in ("old", "new", "any", "bot")]
        assert [each.edge("asked") for each in found[:3]] == ["yard", "yard", "asked"]
        assert (found[3].kind, found[3].role) == ("program", Role.OPERATOR)
        assert [await tokens.check(text) for text in ("", "yard:old", "OLD")] == [None, None, None]
        for change in (tokens.rotate("environment-1"), tokens.revoke("environment-1")):
            assert (await refusal(change))[0] == 409
        tokens.set_fixed(HubSettings(tokens="yard:new").tokens)
        assert await tokens.still(found[0]) is None
        assert (await tokens.still(found[1])).edge_id == "yard"

    tell(story, tokens="yard:old,yard:new,any,@operator:bot")


def test_what_runs_beside_the_hub_comes_in_and_closes_it_to_nobody():
    async def story():
        insiders = [DeviceToken(secret="edge-beside", label="demo"), DeviceToken(secret="bot", role="operator")]
        identity = Identity(HubSettings(history_path=":memory:"), ManualClock(), insiders=insiders)
        await identity.open()
        here = peer("127.0.0.1", local=True)
        assert (identity.open_to_edge(here), identity.tokens.all()) == (True, [])
        await identity.people.add("Dana", Role.ADMIN, PASSWORD)
        assert (await identity.edge("edge-beside", here)).edge("yard") == "yard"
        assert (await identity.by_token("bot", here)).role is Role.OPERATOR
        assert (await refusal(identity.edge("", here)))[0] == 401
        identity.tokens.set_fixed([])
        assert await identity.tokens.check("edge-beside")
        await identity.close()

    asyncio.run(story())


def test_tokens_are_scrubbed_from_logs():
    token = secret.make_token()[1]
    assert scrub(f"got {token}.") == "got <token>."


def test_settings_do_not_show_their_secrets():
    settings = HubSettings(tokens="yard:a-real-secret", admin_password="a real password")
    identity = Identity(settings.model_copy(update={"history_path": ":memory:"}), ManualClock())
    for shown in (repr(settings), repr(vars(identity.tokens)), repr(vars(identity.people)), repr(vars(identity))):
        assert "a-real-secret" not in shown
        assert "a real password" not in shown
    with pytest.raises(ValueError, match="role") as caught:
        DeviceToken(secret="a-real-secret", role="king")
    assert "a-real-secret" not in str(caught.value)


def test_a_stamp_says_nothing_of_the_password():
    hashed = passwords.environment_hash(PASSWORD)
    assert passwords.stamp(hashed) not in hashed
    assert hashed == passwords.environment_hash(PASSWORD)


# --- pairing --------------------------------------------------------------------------------------------------------


def test_a_device_is_let_in_by_its_code():
    async def story(it):
        pairings = it.identity.pairings
        pairing, text = await pairings.ask("yard", "laptop", address="203.0.113.7", network="203.0.113.7")
        assert (await pairings.claim(text)).state == "waiting"
        await pairings.answer(pairing.code, approve=True, edge_id="front-yard")
        claimed = await pairings.claim(text)
        assert (claimed.state, claimed.token.edge_id) == ("approved", "front-yard")
        assert (await it.identity.edge(claimed.text, peer())).edge_id == "front-yard"
        assert (await pairings.claim(text)).state == "expired"

    tell(story)


def test_of_two_claims_at_once_one_gets_a_token():
    async def story(it):
        pairing, text = await it.identity.pairings.ask("yard", "", address="a", network="a")
        await it.identity.pairings.answer(pairing.code, approve=True, edge_id=None)
        claims = await asyncio.gather(*(it.identity.pairings.claim(text) for _ in range(5)))
        assert sorted(claim.state for claim in claims) == ["approved"] + ["expired"] * 4
        assert len(it.identity.tokens.all()) == 1

    tell(story)


def test_who_is_denied_late_or_somebody_else_gets_nothing():
    async def story(it):
        pairings = it.identity.pairings
        denied, text = await pairings.ask("yard", "", address="a", network="a")
        await pairings.answer(denied.code, approve=False, edge_id=None)
        assert (await pairings.claim(f"{denied.code}.guess")).state == "expired"
        assert (await pairings.claim(text)).state == "denied"
        late, text = await pairings.ask("yard", "", address="a", network="a")
        it.clock.advance(EXPIRES_S)
        assert (await pairings.claim(text)).state == "expired"
        assert await refusal(pairings.answer(late.code, approve=True, edge_id=None)) == (404, "code")
        assert it.identity.tokens.all() == []

    tell(story)


def test_codes_are_easy_to_read_and_requests_few():
    async def story(it):
        ask = it.identity.pairings.ask
        codes = {(await ask("yard", "", address="a", network="a"))[0].code for _ in range(5)}
        assert len(codes) == 5
        for code in codes:
            assert len(code) == 9
            assert not set(code) & set("AEIOU0123456789")
        assert await refusal(ask("yard", "", address="a", network="a")) == (429, "pairing")
        assert await ask("yard", "", address="b", network="b")

    tell(story)


# --- the trail and the set-up link ----------------------------------------------------------------------------------


def test_strangers_cannot_push_everybody_elses_lines_out():
    async def story(it):
        trail = it.identity.trail
        trail.note("Dana", "make_token", "yard", "done")
        for number in range(500):
            trail.note(f"guess {number}", "sign_in", "", "refused 401", stranger=True)
        lines = await trail.newest(1000)
        assert len(lines) == 61
        assert trail.dropped == 440
        assert lines[-1].who == "Dana"

    tell(story)


def test_the_trail_waits_for_a_vault_that_is_away():
    async def story(it):
        async def away(_line, _keep):
            raise StoreError("it is away")

        there, it.vault.note = it.vault.note, away
        it.identity.trail.note("Dana", "make_token", "yard", "done")
        with pytest.raises(StoreError):
            await it.identity.trail.newest(10)
        it.vault.note = there
        assert [line.who for line in await it.identity.trail.newest(10)] == ["Dana"]

    tell(story)


def test_the_set_up_link_is_printed_where_others_reach_the_hub_and_works_once(capsys):
    async def story(it):
        link = capsys.readouterr().out.strip().rpartition(" ")[2]
        address, _, code = link.rpartition("/#/setup/")
        assert address == "https://hub.example.org"
        assert await refusal(it.identity.set_up("guess", "Eve", PASSWORD, peer())) == (403, "$.code")
        assert await refusal(it.identity.set_up(code, "Dana", "short", peer())) == (422, "$.password")
        assert (await it.identity.set_up(code, "Dana", PASSWORD, peer())).role is Role.ADMIN
        assert await refusal(it.identity.set_up(code, "Eve", PASSWORD, peer())) == (403, "$.code")
        assert code.encode() not in b"".join(it.vault._shelves["person"].values())

    tell(story, host="0.0.0.0", public_url="https://hub.example.org/")


def test_a_set_up_code_is_not_guessed(capsys):
    async def story(it):
        code = capsys.readouterr().out.strip().rpartition("/")[2]
        tries = [await refusal(it.identity.set_up(f"guess {n}", "Eve", PASSWORD, peer())) for n in range(6)]
        assert [status for status, _ in tries] == [403] * 5 + [429]
        assert await it.identity.set_up(code, "Dana", PASSWORD, peer("198.51.100.1"))

    tell(story, host="0.0.0.0")


@pytest.mark.parametrize("settings", [{}, {"host": "0.0.0.0", "admin_password": PASSWORD}, {"host": "localhost"}])
def test_no_link_is_printed_where_it_is_not_needed(settings, capsys):
    async def story(_):
        assert capsys.readouterr().out == ""

    tell(story, **settings)


# --- who is connected -----------------------------------------------------------------------------------------------


def test_sockets_are_closed_when_what_let_them_in_is_gone_and_follow_a_new_role():
    async def story(it):
        identity, closed = it.identity, []
        await identity.people.add("Admin", Role.ADMIN, PASSWORD)
        await identity.people.add("Dana", Role.OPERATOR, PASSWORD)
        _, text = await identity.sign_in("Dana", PASSWORD, peer())
        dana = await identity.sessions.find(text)
        with contextlib.ExitStack() as sockets:
            present = sockets.enter_context(identity.attendance.present(dana, lambda *why: closed.append(why)))
            await identity.people.change("Dana", role=Role.VIEWER)
            await identity.attendance.check(identity.still)
            assert (present.caller.role, closed) == (Role.VIEWER, [])
            it.vault.away = True
            await identity.attendance.check(identity.still)
            assert closed == []
            it.vault.away = False
            await identity.people.remove("Dana")
            await identity.attendance.check(identity.still)
            assert [code for code, _ in closed] == [1008]

    tell(story)


def test_who_is_here_without_signing_in_goes_when_the_first_person_comes():
    async def story(it):
        closed = []
        local = await it.identity.who({}, "", peer("127.0.0.1", local=True))
        edge = await it.identity.edge("", peer("127.0.0.1", local=True))
        with (
            it.identity.attendance.present(local, lambda *_: closed.append("viewer")),
            it.identity.attendance.present(edge, lambda *_: closed.append("edge")),
        ):
            await it.identity.tokens.make("yard", edge_id="yard", role=None)
            await it.identity.attendance.check(it.identity.still)
            assert closed == ["edge"]
            await it.identity.people.add("Dana", Role.ADMIN, PASSWORD)
            await it.identity.attendance.check(it.identity.still)
            assert sorted(set(closed)) == ["edge", "viewer"]

    tell(story)


def test_roles_are_in_order():
    assert [[role.allows(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not Caller("edge", "yard", edge_id="yard").may(Role.VIEWER)
