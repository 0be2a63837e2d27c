# 複数のページで使う文言。

client-device = この端末のアプリ
client-device-heading = この端末のアプリ
cancel = 中止して戻る
other-account = 別のアカウントを使う
other-account-hint = アプリは { $account } を求めています。別のアカウントを使うには、アプリに戻って選び直してください。
