factor-heading-sign-in = あと一歩です
factor-heading-step-up = ご本人の確認
factor-lead-sign-in = { $account } としてサインインするため
factor-lead-step-up = これから行うことは重要なため、{ $account } の確認がもう一度必要です。
factor-code = コード
factor-hint-totp = 認証アプリに表示される6桁の数字です。
factor-hint-totp-recovery = 認証アプリに表示される6桁の数字、または回復コードのいずれかです。
factor-hint-recovery = 回復コードのいずれかです。
factor-submit = 続ける
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
