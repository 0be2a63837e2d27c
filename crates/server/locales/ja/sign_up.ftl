# 新しいアカウントのフォーム。

sign-up-heading = アカウントを作成
sign-up-for = { $client } に進むには、アカウントを作成してください
sign-up-for-device = この端末のアプリに進むには、アカウントを作成してください
sign-up-handle = ハンドル
sign-up-handle-hint = 英字、数字、ハイフンからなる一語です。「alice」なら { $example } になります。
sign-up-email = メールアドレス
sign-up-password = パスワード
sign-up-password-hint = 8文字以上。いくつかの単語からなる文は、覚えやすく推測されにくいものです。
sign-up-invite = 招待コード
sign-up-submit = アカウントを作成
sign-up-sign-in = アカウントを持っています
sign-up-link = アカウントを作成

sign-up-refused = まだ正しくないところがあります。下を確認し、パスワードをもう一度入力してください。
sign-up-refused-handle = ここではこのハンドルは使えません。英字、数字、ハイフンを3文字以上使ってください。
sign-up-refused-handle-taken = このハンドルは使われています。別のものを選んでください。
sign-up-refused-email = name@example.com のようなメールアドレスを入力してください。
sign-up-refused-email-taken = このアドレスのアカウントはすでにあります。サインインするか、別のアドレスを使ってください。
sign-up-refused-password = パスワードは8文字から256文字です。
sign-up-refused-invite = このコードは正しくないか、すでに使われています。
sign-up-refused-failed = アカウントを作成できませんでした。少し待ってからもう一度お試しください。
