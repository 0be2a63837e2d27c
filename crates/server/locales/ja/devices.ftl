# サインインしているブラウザーとプログラムのページ。

devices-heading = サインインしている場所
devices-browsers = ブラウザー
devices-browsers-hint = これらのブラウザーを使う人は、あなたの名前でアプリを許可できます。すでに許可したアプリはそのまま続きます。アプリには別のページがあります。
devices-browser-system = { $browser }（{ $system }）
devices-browser = { $browser }
devices-system = { $system } のブラウザー
devices-unknown = ブラウザー
devices-this = この端末
devices-signed-in = サインイン
devices-first = 最初の利用
devices-last = 最後の利用
devices-place = ネットワーク
devices-once = 記憶されていません。まもなくパスワードがもう一度必要になります。
devices-sign-out = そこからサインアウトする
devices-sign-out-others = ほかのすべてからサインアウトする
devices-sessions = パスワードを使うプログラム
devices-sessions-none = パスワードでサインインしているプログラムはありません。
devices-sessions-hint = このサイトを開かず、パスワードでサインインしたプログラムです。
devices-with-app-password = アプリパスワード { $name } を使用
devices-with-password = あなたのパスワードを使用
devices-used = 最後の更新
devices-end = 終了する
devices-done-ended = 終了しました。プログラムはサインアウトしました。
devices-done-signed-out = サインアウトしました。
devices-done-signed-out-others = この端末以外のすべてからサインアウトしました。
