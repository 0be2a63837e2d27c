# アプリに許可する内容と、二つのボタン。

consent-heading = { $client } があなたのアカウントの使用を求めています
consent-heading-device = この端末のアプリがあなたのアカウントの使用を求めています
consent-client = アプリ
consent-account = アカウント
consent-client-check = このアドレスに心当たりがある場合だけ進んでください。
consent-client-check-device = 今あなた自身が起動した場合だけ進んでください。
consent-picker = 別のアカウントを使う
consent-permissions = 許可すると、このアプリにできること
consent-new = { $date } 以降に新しく求められたこと
consent-rest = これまでどおりできること
consent-nothing-new = すべて { $date } に許可済みです。
consent-narrow = 許可したくないものはチェックを外してください。
consent-mark-new = 新規
consent-mark-declined = 前回は許可しませんでした
consent-set-parts =
    { $count ->
       *[other] 含まれる権限：{ $count } 件
    }
consent-set-empty = 現在、何も含まれていません。
consent-touches-account = あなたのアカウント
consent-touches-all = すべてのアプリ
consent-touches-files = ファイル
consent-careful = 注意：
cannot = できないこと：{ $things }。
cannot-delete = アカウントの削除
cannot-email = メールアドレスの閲覧
cannot-identity = ハンドルの変更
cannot-join = 、
cannot-join-last = 、
cannot-write-elsewhere = ほかのアプリのレコードの変更
consent-scopes = 正確なスコープ
consent-next-host = このあと { $host } に進みます。
consent-next-device = このあと、この端末のアプリに戻ります。
consent-next-app = このあと、この端末でアプリ「{ $scheme }」が開きます。
consent-password-stays = パスワードはここから出ません。
consent-approve = 許可する
consent-deny = 許可しない
consent-sets-changed = このページを開いている間に、アプリが求める内容が変わりました。もう一度ご確認ください。
consent-undecided = 下の二つのボタンのどちらかを選んでください。
