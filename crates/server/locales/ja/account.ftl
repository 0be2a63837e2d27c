# アカウントに代わって動作できるアプリを確認するページ。

account-heading = あなたのアカウント
account-sign-in-for = アカウントを使っているアプリを確認するには、サインインしてください
account-apps = アプリ
account-apps-none = このアカウントに代わって動作できるアプリはありません。
account-apps-hint = ここでアクセスを終了するか、アプリ側でサインアウトするまで、あなたのアカウントに代わって動作できます。
account-since = 許可した日
account-used = 最後の使用
account-can = できること
account-can-besides = そのほか
account-changes = 許可したあとに変わったこと
account-change-applied = 適用済み
account-change-approved = あなたが許可しました
account-change-held = あなたの許可待ち
account-added = 新しくできるようになったこと
account-added-held = 許可するとできるようになること
account-removed = できなくなったこと
account-held = このアプリは機能が増え、許可された範囲を超える権限を求めています：
account-held-approve = これも許可する
account-end = アクセスを終了する
account-others = この端末のほかのアカウント
account-sign-out = この端末でサインアウトする
account-done-approved = 許可しました。アプリが次にアクセスを更新したときから使えるようになります。
account-done-changed = 何も許可していません。許可待ちの内容がその間に変わりました。もう一度ご確認ください。
account-done-ended = 終了しました。このアプリはもうあなたのアカウントに代わって動作できません。
account-factors = 2つ目の認証要素（パスキー、コード、回復コード）
