# この端末でサインイン中のアカウント。

picker-heading = アカウントを選択
picker-other = 別のアカウントを使う
