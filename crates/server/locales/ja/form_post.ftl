# アプリへの応答を運ぶフォームのページ。

form-post-heading = もうすぐ完了です
form-post-lead-host = 応答を { $host } に送ります。
form-post-lead-device = 応答をこの端末のアプリに送ります。
form-post-lead-app = 応答をこの端末のアプリ「{ $scheme }」に送ります。
form-post-submit = 続ける
