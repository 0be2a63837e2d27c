# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = メールアドレスの変更
mail-change-email-text =
    アカウント { $account } のメールアドレスの変更が求められました。あなたであれば、求められたところにこのコードを入力してください：
    
    { $code }
    
    { $minutes } 分間有効です。
    
    あなたでなければ、パスワードを変更してください。だれかがあなたとしてサインインしています。コードはだれにも教えないでください。
mail-confirm-email-subject = メールアドレスの確認
mail-confirm-email-text =
    これがアカウント { $account } のアドレスであることを確認するため、求められたところにこのコードを入力してください：
    
    { $code }
    
    { $minutes } 分間有効です。
    
    このアカウントに心当たりがなければ、だれかがアドレスを打ち間違えました。何もする必要はありません。
mail-delete-account-subject = アカウントの削除
mail-delete-account-text =
    アカウント { $account } を、中にあるものすべてとともに永久に削除することが求められました。あなたであれば、求められたところにこのコードを入力してください：
    
    { $code }
    
    { $minutes } 分間有効です。
    
    あなたでなければ、パスワードを変更してください。だれかがあなたとしてサインインしています。コードはだれにも教えないでください。
mail-email-changed-subject = メールアドレスが変更されました
mail-email-changed-text =
    アカウント { $account } のメールアドレスが別のものになりました。このアドレスへのメールはこれが最後です。
    
    あなたでなければ、だれかがあなたとしてサインインしています。サインインして確かめ、アカウントの管理者に問い合わせてください：
    
    { $page }
mail-password-changed-subject = パスワードが変更されました
mail-password-changed-text =
    アカウント { $account } のパスワードが変更され、すべての端末とアプリケーションからサインアウトしました。
    
    あなたでなければ、すぐに別のパスワードを設定してください：
    
    { $page }
mail-reset-password-subject = 新しいパスワードのためのコード
mail-reset-password-text =
    アカウント { $account } の新しいパスワードが求められました。あなたであれば、このコードを入力してください：
    
    { $code }
    
    { $minutes } 分間有効です。入力するページ：
    
    { $page }
    
    あなたでなければ、何もする必要はありません。コードがなければ何も変わりません。だれにも教えないでください。
mail-sign-in-subject = サインインのコード
mail-sign-in-text =
    あなたのパスワードを知っている人が、アカウント { $account } にサインインしようとしています。あなたであれば、このコードを入力してください：
    
    { $code }
    
    { $minutes } 分間有効です。
    
    あなたでなければ、パスワードを変更してください。コードはだれにも教えないでください。
