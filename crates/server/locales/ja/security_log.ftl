# アカウントに起きたことのページ。

security-log-heading = セキュリティの記録
security-log-hint = この半年間にアカウントに起きたことです。身に覚えのないものがあれば、新しいパスワードを選び、知らないものをすべて終了してください。
security-log-none = まだ何も記録されていません。
security-log-download = すべてをJSONでダウンロード
security-log-more = 古い記録はダウンロードに含まれています。
security-log-at = 日時
security-log-through = 使用
security-log-place = ネットワーク
security-log-client = { $client }
security-log-app-password-created = アプリパスワードを作成：{ $subject }
security-log-app-password-used = アプリパスワード { $subject } でサインイン
security-log-email-changed = メールアドレスを変更
security-log-factor-added = 第二の要素を追加
security-log-factor-removed = 第二の要素を削除
security-log-factor-wrong = パスワードは正しく、第二の要素が誤り
security-log-grant = アプリケーションにアクセスを許可
security-log-new-network = これまでにないネットワークからアクセスを更新
security-log-password-changed = パスワードを変更
security-log-password-session = プログラムがあなたのパスワードでサインイン
security-log-scope-refused = 許可していない操作をアプリケーションに拒否
security-log-set-changed = { $subject } がアプリケーションに与える内容が変化
security-log-sign-in = ブラウザでサインイン
