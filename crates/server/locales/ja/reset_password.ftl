# A new password for whoever forgot theirs.

reset-heading = 新しいパスワードを設定
reset-lead = ハンドルまたはメールアドレスを入力すると、コードを送ります。
reset-refused-nobody = ハンドルまたはメールアドレスを入力してください。
reset-send = コードを送る
reset-have-code = コードを持っています
# The second page.
reset-code-heading = コードを入力
reset-code-lead = その名前のアカウントがあれば、メールアドレスにコードを送りました。15分間有効です。
reset-code = コード
reset-code-hint = メールにある10文字の英数字です。大文字とハイフンは区別しません。
reset-password = 新しいパスワード
reset-password-hint = 8文字以上。いくつかの単語でできた文は、覚えやすく推測されにくいです。
reset-end-app-passwords = アプリパスワードもすべて無効にする
reset-end-hint = ほかの人があなたのアカウントに入ったかもしれない場合に選んでください。アプリパスワードを使うプログラムは、新しいものを渡すまで動かなくなります。
reset-submit = パスワードを設定
reset-another-code = 別のコードを送る
reset-refused-empty = メールにあるコードを入力してください。
reset-refused-expired = このコードは期限切れです。新しいコードを送ってください。
reset-refused-unfit = パスワードは8文字から256文字です。
reset-refused-wrong = コードが正しくないか、すでに使われています。いちばん新しいメールを見るか、別のコードを送ってください。
# The third.
reset-done-heading = パスワードを変更しました
reset-done-lead = すべてのアプリケーションと端末からサインアウトしました。
reset-done-what = アカウントを使うところで、新しいパスワードでもう一度サインインしてください。前に開いた当サイトのページが残っていれば、そこで続けられます。
