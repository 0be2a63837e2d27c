//! What a model is told about all this.

/// `usage_guide`.
pub(crate) const USAGE: &str = "\
# How to use these tools

They read and write records of the AT Protocol, which Bluesky and other applications are built on.

## Reading needs no credentials

- `describe_repo(repo)`: what collections an account has. `list_records(collection, repo)`: its records, newest first.
- `get_record(uri)`: one record as it is kept; with `verify` it is proven against the key of the account.
- `query(nsid, params)`: any other method that reads. Name a `repo` to ask that account's own host, or a public `host`.
- `identity_history(repo)`: every handle, host and key that an account has had.
- `select` takes a jq program, and keeps answers small: `.[] | .value.text`.

## Writing needs the account's permission

`create_record`, `update_record`, `delete_record` and `upload_blob` act for whoever calls. `whoami` says who that is, and
`my_grants` what they allowed. `explain_scope` says in plain words what a permission means.

- Over HTTP each request has `x-atproto-handle` and `x-atproto-password` (an app password, never the account's own), or an
  `Authorization: Bearer` token of this server.
- On standard input and output, the program was started with ATPROTO_HANDLE and ATPROTO_PASSWORD.

## Names of records

`at://did:plc:abc/com.example.note/3k2a` names one record. Where it is clear whose repository is meant, `com.example.note/3k2a`
is enough.
";

/// `create_post_guide`.
pub(crate) const POSTS: &str = "\
# How to write a post

A post is a record of `app.bsky.feed.post`:

    create_record(collection=\"app.bsky.feed.post\", record={\"text\": \"Good morning.\"})

`$type` and `createdAt` are filled in where they are missing.

## Links and mentions

They are marked by facets, which count bytes of the UTF-8 text, not characters:

    create_record(collection=\"app.bsky.feed.post\", record={
      \"text\": \"See example.com\",
      \"facets\": [{
        \"index\": {\"byteStart\": 4, \"byteEnd\": 15},
        \"features\": [{\"$type\": \"app.bsky.richtext.facet#link\", \"uri\": \"https://example.com\"}]
      }]
    })

A mention has the feature `app.bsky.richtext.facet#mention` with a `did`; `describe_repo` finds the DID of a handle.

## Pictures

`upload_blob` first; then `\"embed\": {\"$type\": \"app.bsky.embed.images\", \"images\": [{\"alt\": \"…\", \"image\": BLOB}]}`.
";
