# Das Anmeldeformular.

sign-in-heading = Anmelden
sign-in-for = um weiterzugehen zu { $client }
sign-in-for-device = um weiterzugehen zu einer Anwendung auf Ihrem Gerät
sign-in-identifier = Handle oder E-Mail-Adresse
sign-in-password = Passwort
sign-in-remember = Auf diesem Gerät angemeldet bleiben
sign-in-remember-hint = Sieben Tage lang. Lassen Sie es auf einem Gerät aus, das auch andere benutzen.
sign-in-submit = Anmelden
# A link to the page for a new password.
sign-in-forgot = Passwort vergessen?
sign-in-picker = Ein Konto wählen, das hier angemeldet ist
sign-in-password-stays = Ihr Passwort bleibt hier: { $client } sieht es nie.
sign-in-password-stays-device = Ihr Passwort bleibt hier: Die Anwendung sieht es nie.

sign-in-refused-empty = Geben Sie Ihr Handle oder Ihre E-Mail-Adresse und Ihr Passwort ein.
sign-in-refused-other-account = Die Anwendung hat nach einem anderen Konto gefragt. Melden Sie sich als { $account } an, oder gehen Sie zurück und wählen Sie dort ein anderes Konto.
sign-in-refused-too-many =
    { $minutes ->
        [one] Zu viele Versuche. Versuchen Sie es in einer Minute noch einmal.
       *[other] Zu viele Versuche. Versuchen Sie es in { $minutes } Minuten noch einmal.
    }
sign-in-refused-wrong = Handle oder Passwort stimmt nicht. App-Passwörter gelten hier nicht: Nehmen Sie das Passwort des Kontos.
sign-in-refused-over = Das dauerte zu lange, oder es waren zu viele falsche Codes. Melden Sie sich noch einmal an.
sign-in-refused-passkey = Kein Konto hier hat diesen Passkey, oder es dauerte zu lange. Versuchen Sie es noch einmal, oder melden Sie sich mit dem Passwort an.
