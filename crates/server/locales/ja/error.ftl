# 何が問題で、どうすればよいか。

error-detail = 開発者向け

error-bad-link-heading = このリンクは使えません
error-bad-link-what = アプリが開いたリンクに、足りないものや余分なものがあります。
error-bad-link-do = アプリに戻って、最初からやり直してください。繰り返し起こる場合は、アプリの開発者に知らせてください。

error-busy-heading = 混み合っています
error-busy-what = 現在、サインインを受け付ける余裕がありません。何も変更されていません。
error-busy-do = 1分ほど待ってから、もう一度お試しください。

error-cross-site-heading = このページからの操作ではありません
error-cross-site-what = 別のサイトがこのページを開くか、このフォームを送信しようとしたため、何も行いませんでした。
error-cross-site-do = サインインしたい場合は、アプリに戻って最初からやり直してください。

error-expired-heading = このサインインは終了しました
error-expired-what = すでに完了したか、長い間開いたままでした。これ以上続けることはできません。
error-expired-do = まだサインインしていない場合は、アプリに戻って最初からやり直してください。

error-form-stale-heading = このフォームは無効になりました
error-form-stale-what = このブラウザの現在のセッションのものではありません。何も変更されていません。
error-form-stale-do = 戻って、最初からやり直してください。繰り返し起こる場合は、このサイトの Cookie を許可してください。

error-internal-heading = こちらで問題が起こりました
error-internal-what = 原因はこちら側にあり、あなたの操作ではありません。何も変更されていません。
error-internal-do = 少し待ってから、もう一度お試しください。

error-not-a-page-heading = このページは再読み込みできません
error-not-a-page-what = 送信したフォームへの応答でしたが、そのフォームはもうありません。再読み込みしても何も変わっていません。
error-not-a-page-do = ブラウザの「戻る」を使うか、アプリに戻って最初からやり直してください。

error-other-device-heading = このサインインは別のブラウザのものです
error-other-device-what = 先に別の場所で開かれたため、安全のために中止しました。
error-other-device-do = アプリに戻り、一つのブラウザで最初からやり直してください。

error-passwords-elsewhere-heading = パスワードはここでは設定できません
error-passwords-elsewhere-what = このサーバーのアカウントのパスワードは別の場所にあります。
error-passwords-elsewhere-do = アカウントの管理者に問い合わせてください。

error-too-many-heading = リクエストが多すぎます
error-too-many-what = お使いのネットワークから、一度に受け付けられる数を超えるリクエストがありました。
error-too-many-do = 数分待ってから、もう一度お試しください。
