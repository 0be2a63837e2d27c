# What a permission allows, one plain sentence each, after “If you approve, it can”. $collection, $method, $set, $service, $kind and
# $type are technical names and stay as they are. A test holds the English texts against those of the scope language.

permission-account-email-manage = See and confirm your e-mail address
permission-account-email-read = See your e-mail address and whether it is confirmed
permission-account-repo-manage = Replace all your records by importing a repository
permission-account-repo-read = See the state of your repository, as everybody may
permission-account-status-manage = See whether your account is active; only you can change that
permission-account-status-read = See whether your account is active, as every application may

permission-atproto = Know which account is yours

permission-blob-any = Upload files of any type
permission-blob-kind = Upload files of the types { $kind }
permission-blob-type = Upload files of the type { $type }

permission-identity-any = Control your whole identity: your handle, your keys and where your account lives
permission-identity-handle = Change your handle

permission-include = Everything in the permission set { $set }
permission-include-service = Everything in the permission set { $set }, with the service { $service }

permission-repo-any-create = Create records in every collection
permission-repo-any-create-delete = Create and delete records in every collection
permission-repo-any-create-update = Create and update records in every collection
permission-repo-any-create-update-delete = Create, update and delete records in every collection
permission-repo-any-delete = Delete records in every collection
permission-repo-any-update = Update records in every collection
permission-repo-any-update-delete = Update and delete records in every collection
permission-repo-create = Create { $collection } records
permission-repo-create-delete = Create and delete { $collection } records
permission-repo-create-update = Create and update { $collection } records
permission-repo-create-update-delete = Create, update and delete { $collection } records
permission-repo-delete = Delete { $collection } records
permission-repo-update = Update { $collection } records
permission-repo-update-delete = Update and delete { $collection } records

permission-rpc = Call { $method } of the service { $service } in your name
permission-rpc-any-method = Call every method of the service { $service } in your name
permission-rpc-any-service = Call { $method } of every service in your name

permission-transition-chat = Read and write your chat messages, together with transition:generic
permission-transition-generic-rpc = Call every method of every service in your name, chat excepted; among them your preferences

# transition:chat.bsky on a page that also asks for transition:generic, and on one that does not.
permission-chat = Read and write your chat messages
permission-chat-idle = Nothing: the permission to chat has no effect without a wider one, which was not asked for

# What is unusual about a permission, after “Careful:”.
warning-any-method = this covers everything that service can do for you, now and later.
warning-any-service = this can be sent to any service, not to one in particular.
warning-chat = these are private conversations.
warning-far-reaching = this is far-reaching. Approve it only if you trust the application.
warning-generic = this covers nearly all that your account can do, like an app password.
warning-identity = whoever has this can take over the account, for good.
warning-repo = this covers the records of every other application too: posts, likes, all of it.
warning-repo-add = this covers the collections of every other application too.
