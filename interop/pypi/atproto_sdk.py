"""The Python SDK logs in with passwords and app passwords, keeps its session, refreshes, writes, reads and is refused."""

import asyncio
import threading
from datetime import timedelta

from atproto import AsyncClient, Client, SessionEvent
from atproto.exceptions import BadRequestError, RateLimitExceededError, RequestException, UnauthorizedError
from pydantic import BaseModel, ConfigDict

from check import check, finish, network, refused

ready = network()
alice, bob = ready["accounts"][:2]
PNG = b"\x89PNG\r\n\x1a\n and so on"
NOTE = "com.example.note"


def client_of(password=alice["password"], identifier=alice["handle"]):
    client = Client(ready["url"])
    client.login(identifier, password)
    return client


def later(client, **time):
    """Makes the client believe that it is later than it is."""
    now = client.get_current_time
    client.get_current_time = lambda: now() + timedelta(**time)


def create(client, text, collection=NOTE):
    data = {"repo": client.me.did, "collection": collection, "record": {"$type": collection, "text": text}}
    return client.com.atproto.repo.create_record(data)


class Fields(BaseModel):
    """Input that the SDK has no model of."""

    model_config = ConfigDict(extra="allow")


def app_password(fields):
    """Makes an app password with fields that the SDK does not know."""
    answer = client_of().invoke_procedure(
        "com.atproto.server.createAppPassword",
        data=Fields(**fields),
        input_encoding="application/json",
        output_encoding="application/json",
    )
    return answer.content["password"]


@check("logs in with handle, DID and address, by password and app password")
def _():
    for identifier in (alice["handle"], alice["did"], alice["email"]):
        for password in (alice["password"], alice["app_password"]):
            client = client_of(password, identifier)
            assert (client.me.handle, client.me.did) == (alice["handle"], alice["did"])


@check("keeps the session as a string that is all another process needs")
def _():
    client = client_of(alice["app_password"])
    string = client.export_session_string()
    handle, did, access, refresh, endpoint = string.split(":::")
    assert (handle, did, endpoint) == (alice["handle"], alice["did"], ready["url"]), string
    other = Client("http://localhost:1")
    other.login(session_string=string)
    assert other.me.handle == alice["handle"]
    assert create(other, "by a resumed session").uri.startswith(f"at://{alice['did']}/{NOTE}/")


@check("fires its events, and refreshes ahead of the end")
def _():
    events = []
    client = Client(ready["url"])
    client.on_session_change(lambda event, session: events.append((event, session.export())))
    client.login(alice["handle"], alice["app_password"])
    assert [event for event, _ in events] == [SessionEvent.CREATE], events
    create(client, "not refreshed yet")
    assert len(events) == 1, "two hours are longer than a quarter of one"
    later(client, minutes=110)
    create(client, "refreshed")
    assert events[1][0] == SessionEvent.REFRESH
    before, after = events[0][1].split(":::"), events[1][1].split(":::")
    assert before[3] != after[3], "another refresh token"
    events.clear()
    client.login(session_string=client.export_session_string())
    assert events[0][0] == SessionEvent.IMPORT


@check("two processes that share one session do not log each other out")
def _():
    string = client_of(alice["app_password"]).export_session_string()
    clients = [Client(), Client()]
    for client in clients:
        client.login(session_string=string)
        later(client, minutes=110)
    threads = [threading.Thread(target=create, args=(client, "shared")) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    next_tokens = {client._session.refresh_jwt_payload.jti for client in clients}
    assert len(next_tokens) == 1, next_tokens
    for client in clients:
        create(client, "and goes on")


@check("twelve calls at once refresh once")
def _():
    async def run():
        refreshes = []
        client = AsyncClient(ready["url"])
        await client.login(alice["handle"], alice["app_password"])
        later(client, minutes=110)

        @client.on_session_change
        async def _(event, session):
            refreshes.append(event)
            del client.get_current_time

        calls = [client.com.atproto.server.get_session() for _ in range(12)]
        sessions = await asyncio.gather(*calls)
        assert all(session.did == alice["did"] for session in sessions)
        assert refreshes == [SessionEvent.REFRESH], refreshes

    asyncio.run(run())


@check("writes, reads, lists, changes and deletes records")
def _():
    client = client_of(alice["app_password"])
    repo = client.com.atproto.repo
    uri = create(client, "first").uri
    key = uri.split("/")[-1]
    place = {"repo": alice["did"], "collection": NOTE, "rkey": key}
    assert repo.get_record(place).value["text"] == "first"
    repo.put_record({**place, "record": {"$type": NOTE, "text": "second"}})
    assert repo.get_record(place).value["text"] == "second"
    listed = repo.list_records({"repo": alice["did"], "collection": NOTE}).records
    assert any(record.uri == uri for record in listed)
    repo.delete_record(place)
    refused(BadRequestError, "RecordNotFound", lambda: repo.get_record(place))


@check("uploads a blob, whose type it does not say")
def _():
    client = client_of(alice["app_password"])
    blob = client.upload_blob(PNG).blob
    assert (blob.mime_type, blob.size) == ("image/png", len(PNG))
    record = {"$type": NOTE, "image": blob}
    data = {"repo": alice["did"], "collection": NOTE, "record": record}
    client.com.atproto.repo.create_record(data)
    assert client.com.atproto.sync.get_blob({"did": alice["did"], "cid": blob.ref.link}) == PNG


@check("posts, and sees profiles of this server")
def _():
    client = client_of(alice["app_password"])
    post = client.send_post("hello")
    assert post.uri.startswith(f"at://{alice['did']}/app.bsky.feed.post/")
    profile = {"$type": "app.bsky.actor.profile", "displayName": "Alice"}
    place = {"repo": alice["did"], "collection": "app.bsky.actor.profile", "rkey": "self"}
    client.com.atproto.repo.put_record({**place, "record": profile})
    assert client.get_profile(alice["did"]).display_name == "Alice"
    assert client_of(bob["password"], bob["handle"]).me.handle == bob["handle"]
    both = client.get_profiles([alice["handle"], bob["did"]]).profiles
    assert [profile.handle for profile in both] == [alice["handle"], bob["handle"]]


@check("is told what no service is configured for")
def _():
    client = client_of(alice["app_password"])
    refused(RequestException, "MethodNotImplemented", client.get_timeline)


@check("keeps preferences, personal details for the password alone")
def _():
    owner, bot = client_of(), client_of(alice["app_password"])
    adult = {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True}
    personal = {"$type": "app.bsky.actor.defs#personalDetailsPref", "birthDate": "1990-01-01T00:00:00Z"}
    owner.app.bsky.actor.put_preferences({"preferences": [adult, personal]})
    kinds = lambda client: [p.py_type for p in client.app.bsky.actor.get_preferences().preferences]
    assert personal["$type"] in kinds(owner)
    assert personal["$type"] not in kinds(bot) and adult["$type"] in kinds(bot)
    put = lambda: bot.app.bsky.actor.put_preferences({"preferences": [personal]})
    refused(BadRequestError, "InvalidRequest", put)


@check("is refused with a wrong password")
def _():
    for identifier, password in [(alice["handle"], "wrong"), ("nobody.test", "abcd-efgh-ijkl-mnop")]:
        login = lambda: client_of(password, identifier)
        refused(UnauthorizedError, "AuthenticationRequired", login, "Invalid identifier or password")


@check("is refused what an app password never may")
def _():
    bot = client_of(alice["app_password"])
    server = bot.com.atproto.server
    make = lambda: server.create_app_password({"name": "another"})
    refused(BadRequestError, "InvalidToken", make, "Bad token scope")
    refused(BadRequestError, "InvalidToken", server.list_app_passwords, "Bad token scope")
    rename = lambda: bot.com.atproto.identity.update_handle({"handle": "eve.test"})
    refused(BadRequestError, "InvalidToken", rename, "Bad token scope")
    chat = lambda: server.get_service_auth({"aud": "did:web:example.com#x"})
    refused(BadRequestError, "InvalidToken", chat, "Bad token method")


@check("is refused what another account has")
def _():
    client = client_of(alice["app_password"])
    data = {"repo": bob["did"], "collection": NOTE, "record": {"$type": NOTE}}
    write = lambda: client.com.atproto.repo.create_record(data)
    refused(UnauthorizedError, "AuthenticationRequired", write)


@check("is refused what its app password is not scoped to")
def _():
    password = app_password({"name": "scoped", "scope": f"repo:{NOTE}?action=create blob:image/*"})
    bot = client_of(password)
    assert bot.me.handle == alice["handle"]
    assert bot.com.atproto.server.get_session().email is None
    key = create(bot, "what it may").uri.split("/")[-1]
    delete = {"repo": alice["did"], "collection": NOTE, "rkey": key}
    missing = f'Missing required scope "repo:{NOTE}?action=delete"'
    gone = lambda: bot.com.atproto.repo.delete_record(delete)
    refused(UnauthorizedError, "ScopeMissingError", gone, missing)
    assert bot.upload_blob(PNG).blob.mime_type == "image/png"
    text = lambda: bot.upload_blob(b"words")
    refused(UnauthorizedError, "ScopeMissingError", text, "blob:application/octet-stream")
    post = lambda: bot.send_post("not in this collection")
    refused(UnauthorizedError, "ScopeMissingError", post, "repo:app.bsky.feed.post?action=create")


@check("is out at once when its app password is revoked")
def _():
    password = app_password({"name": "short-lived"})
    bot = client_of(password)
    create(bot, "still in")
    owner = client_of()
    listed = owner.com.atproto.server.list_app_passwords().passwords
    assert any(row.name == "short-lived" for row in listed)
    owner.com.atproto.server.revoke_app_password({"name": "short-lived"})
    refused(BadRequestError, "ExpiredToken", lambda: create(bot, "out"), "Token has been revoked")
    later(bot, minutes=110)
    refused(BadRequestError, "ExpiredToken", lambda: create(bot, "out"), "Token has been revoked")
    refused(UnauthorizedError, "AuthenticationRequired", lambda: client_of(password))


@check("ends a session")
def _():
    client = client_of(alice["app_password"])
    headers = {"Authorization": f"Bearer {client._session.refresh_jwt}"}
    server = client.com.atproto.server
    for _ in range(2):
        server.delete_session(headers=headers)
    refused(BadRequestError, "ExpiredToken", lambda: create(client, "over"))
    refused(BadRequestError, "ExpiredToken", lambda: server.refresh_session(headers=headers))


@check("is slowed down by identifier, and told for how long")
def _():
    async def run():
        async def attempt():
            try:
                await AsyncClient(ready["url"]).login("somebody.test", "wrong")
            except Exception as exception:
                return exception

        return await asyncio.gather(*(attempt() for _ in range(31)))

    outcomes = asyncio.run(run())
    refusals = [outcome for outcome in outcomes if isinstance(outcome, RateLimitExceededError)]
    assert len(refusals) == 1, [type(outcome) for outcome in outcomes]
    assert (refusals[0].limit, refusals[0].remaining, refusals[0].policy) == (30, 0, "30;w=300")
    assert refusals[0].retry_after > 0 and refusals[0].reset_at is not None
    client_of()


finish("atproto_sdk")
