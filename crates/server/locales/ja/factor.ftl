factor-heading-sign-in = あと一歩です
factor-heading-step-up = ご本人の確認
factor-lead-sign-in = { $account } としてサインインするため
factor-lead-step-up = これから行うことは重要なため、{ $account } の確認がもう一度必要です。
factor-code = コード
factor-hint-totp = 認証アプリに表示される6桁の数字です。
factor-hint-totp-recovery = 認証アプリに表示される6桁の数字、または回復コードのいずれかです。
factor-hint-recovery = 回復コードのいずれかです。
factor-submit = 続ける
factor-refused-passkey = このパスキーはこのアカウントのものではないか、削除されたか、時間がかかりすぎました。
factor-refused-empty = コードを入力してください。
factor-refused-empty-password = パスワードを入力してください。
factor-refused-too-many =
    { $minutes ->
       *[other] 試行回数が多すぎます。{ $minutes }分後にもう一度お試しください。
    }
factor-refused-wrong = コードが正しくないか、すでに使われています。次のコードをお待ちください。
factor-refused-wrong-password = パスワードが正しくありません。

factors-heading = 2つ目の認証要素
factors-why = 2つ目の認証要素があると、パスワードだけでは誰もサインインできません。サインインするときと、重要な操作の前に求められます。
factors-kind-email = メールで届くコード
factors-kind-passkey = パスキー
factors-kind-totp = 認証アプリ
factors-added = 追加日
factors-used = 最終使用日
factors-remove = 削除
factors-passkey-hint = お使いの端末、またはセキュリティキーです。パスワードなしでサインインすることもできます。
factors-passkey-add = パスキーを追加
factors-totp-hint = スマートフォンのアプリに、30秒ごとに変わる6桁の数字が表示されます。
factors-totp-add = 認証アプリを追加
factors-recovery = 回復コード
factors-recovery-left =
    { $count ->
        [0] 残っていません。
       *[other] 残り{ $count }個です。ほかのすべてを失ったときに、それぞれ1回だけ使えます。
    }
factors-recovery-renew = 新しく作る
factors-done-added = 追加しました。これからは求められます。
factors-done-removed = 削除しました。

totp-heading = 認証アプリを追加
totp-scan = 認証アプリでこれを読み取ってください。
totp-picture = 下のキーを含むQRコード
totp-type = または、このキーをアプリに入力してください。
totp-code-hint = そのあとアプリに表示される6桁の数字です。
totp-submit = 追加
totp-cancel = 追加せずに戻る

recovery-heading = 回復コード
recovery-what = 2つ目の認証要素を失ったときは、このうちの1つでサインインできます。それぞれ1回だけ使えます。
recovery-once = 今すぐ書き留めてください。もう一度表示されることはありません。
recovery-done = 書き留めました

# Making a passkey, and using one.
passkey-heading = パスキーを追加
passkey-what = パスキーは端末またはパスワードマネージャーに保存され、使うときに指紋、顔、または PIN を求められます。このサイトでしか使えません。
passkey-name = 名前
passkey-name-hint = あとで見分けるための名前です。例：「私のスマートフォン」
passkey-make = パスキーを作る
passkey-refused = 時間内にパスキーが作られなかったか、応答が正しくありませんでした。もう一度試してください。
passkey-needs-script = パスキーには JavaScript が必要です。このページで許可するか、別の方法を使ってください。
# The browser, or the person, said no.
passkey-failed = うまくいかなかったか、取り消されました。もう一度試すか、別の方法を使ってください。
passkey-use = パスキーを使う
passkey-sign-in = パスキーでサインイン

factor-heading-add-email = メールで届くコード
factor-lead-add-email = { $account } のメールアドレスにコードを送りました。ここに入力すると、今後このコードが求められます。
factor-send = コードをメールで送る
factor-sent = コードをメールアドレスに送りました。
factor-hint-email = メールアドレスに送ったコード。
factors-email-hint = サインインする人には { $email } にコードが送られます。予備として役立ちますが、メールを読める人はこれも手に入るため、アプリやパスキーのほうが安全です。
factors-email-add = コードをメールで送る
