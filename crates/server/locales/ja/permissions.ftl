# 権限で許可される内容。「許可すると、このアプリにできること」のあとに一つずつ並びます。

permission-account-email-manage = あなたのメールアドレスの閲覧と確認
permission-account-email-read = あなたのメールアドレスと、確認済みかどうかの閲覧
permission-account-repo-manage = リポジトリのインポートによる、すべてのレコードの置き換え
permission-account-repo-read = あなたのリポジトリの状態の閲覧（誰でも閲覧できます）
permission-account-status-manage = あなたのアカウントが有効かどうかの閲覧（変更できるのはあなただけです）
permission-account-status-read = あなたのアカウントが有効かどうかの閲覧（どのアプリも閲覧できます）

permission-atproto = どのアカウントがあなたのものかを知ること

permission-blob-any = あらゆる種類のファイルのアップロード
permission-blob-kind = { $kind } 形式のファイルのアップロード
permission-blob-type = { $type } 形式のファイルのアップロード

permission-identity-any = あなたのアイデンティティ全体の管理：ハンドル、鍵、アカウントの置き場所
permission-identity-handle = あなたのハンドルの変更

permission-include = 権限セット { $set } に含まれるすべて
permission-include-service = 権限セット { $set } に含まれるすべて（サービス { $service }）

permission-repo-any-create = すべてのコレクションでのレコードの作成
permission-repo-any-create-delete = すべてのコレクションでのレコードの作成と削除
permission-repo-any-create-update = すべてのコレクションでのレコードの作成と更新
permission-repo-any-create-update-delete = すべてのコレクションでのレコードの作成、更新、削除
permission-repo-any-delete = すべてのコレクションでのレコードの削除
permission-repo-any-update = すべてのコレクションでのレコードの更新
permission-repo-any-update-delete = すべてのコレクションでのレコードの更新と削除
permission-repo-create = { $collection } レコードの作成
permission-repo-create-delete = { $collection } レコードの作成と削除
permission-repo-create-update = { $collection } レコードの作成と更新
permission-repo-create-update-delete = { $collection } レコードの作成、更新、削除
permission-repo-delete = { $collection } レコードの削除
permission-repo-update = { $collection } レコードの更新
permission-repo-update-delete = { $collection } レコードの更新と削除

permission-rpc = あなたの名前での、サービス { $service } の { $method } の呼び出し
permission-rpc-any-method = あなたの名前での、サービス { $service } のすべてのメソッドの呼び出し
permission-rpc-any-service = あなたの名前での、あらゆるサービスの { $method } の呼び出し

permission-transition-chat = あなたのチャットメッセージの閲覧と送信（transition:generic とともに）
permission-transition-generic-rpc = あなたの名前での、あらゆるサービスのすべてのメソッドの呼び出し（チャットを除く）。あなたの設定も含みます

permission-chat = あなたのチャットメッセージの閲覧と送信
permission-chat-idle = 何もありません：チャットの権限は、より広い権限と組み合わせなければ効果がなく、それは求められていません

warning-any-method = このサービスがあなたのためにできることを、今後追加されるものも含めてすべて許可します。
warning-any-service = 特定のサービスではなく、どのサービスにも送れます。
warning-chat = 個人的な会話が含まれます。
warning-far-reaching = 影響の大きい権限です。アプリを信頼できる場合だけ許可してください。
warning-generic = アプリパスワードと同じように、アカウントでできることのほぼすべてを許可します。
warning-identity = この権限があれば、アカウントを永久に乗っ取ることができます。
warning-repo = 投稿やいいねなど、ほかのすべてのアプリのレコードも対象になります。
warning-repo-add = ほかのすべてのアプリのコレクションも対象になります。
