# サインインのフォーム。

sign-in-heading = サインイン
sign-in-for = { $client } に進むには、サインインしてください
sign-in-for-device = この端末のアプリに進むには、サインインしてください
sign-in-identifier = ハンドルまたはメールアドレス
sign-in-password = パスワード
sign-in-remember = この端末でサインインを記憶する
sign-in-remember-hint = 7日間有効です。ほかの人も使う端末ではチェックしないでください。
sign-in-submit = サインイン
# A link to the page for a new password.
sign-in-forgot = パスワードを忘れましたか？
sign-in-picker = サインイン中のアカウントから選ぶ
sign-in-password-stays = パスワードはここから出ません。{ $client } に知られることはありません。
sign-in-password-stays-device = パスワードはここから出ません。アプリに知られることはありません。

sign-in-refused-empty = ハンドルまたはメールアドレスと、パスワードを入力してください。
sign-in-refused-other-account = アプリが求めているのは別のアカウントです。{ $account } としてサインインするか、アプリに戻って別のアカウントを選んでください。
sign-in-refused-too-many =
    { $minutes ->
       *[other] 試行回数が多すぎます。{ $minutes } 分後にもう一度お試しください。
    }
sign-in-refused-wrong = ハンドルまたはパスワードが正しくありません。アプリパスワードはここでは使えません。アカウントのパスワードを使ってください。
sign-in-refused-over = 時間がかかりすぎたか、誤ったコードが多すぎました。もう一度サインインしてください。
sign-in-refused-passkey = このパスキーを持つアカウントがここにないか、時間がかかりすぎました。もう一度試すか、パスワードでサインインしてください。
