factor-heading-sign-in = Noch ein Schritt
factor-heading-step-up = Bestätigen Sie, dass Sie es sind
factor-lead-sign-in = um sich als { $account } anzumelden
factor-lead-step-up = Was Sie vorhaben, ist wichtig. Weisen Sie sich darum noch einmal als { $account } aus.
factor-code = Code
factor-hint-totp = Die sechs Ziffern, die Ihre Authenticator-App zeigt.
factor-hint-totp-recovery = Die sechs Ziffern, die Ihre Authenticator-App zeigt, oder einer Ihrer Wiederherstellungscodes.
factor-hint-recovery = Einer Ihrer Wiederherstellungscodes.
factor-submit = Weiter
factor-refused-passkey = Dieser Passkey gehört nicht zu diesem Konto, wurde entfernt, oder es dauerte zu lange.
factor-refused-empty = Geben Sie einen Code ein.
factor-refused-empty-password = Geben Sie Ihr Passwort ein.
factor-refused-too-many =
    { $minutes ->
        [one] Es waren zu viele Versuche. Versuchen Sie es in einer Minute wieder.
       *[other] Es waren zu viele Versuche. Versuchen Sie es in { $minutes } Minuten wieder.
    }
factor-refused-wrong = Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.
factor-refused-wrong-password = Das ist nicht das Passwort.

factors-heading = Zweite Faktoren
factors-why = Mit einem zweiten Faktor genügt das Passwort allein niemandem. Sie werden danach gefragt, wenn Sie sich anmelden und bevor Sie etwas Wichtiges tun.
factors-kind-email = Code per E-Mail
factors-kind-passkey = Passkey
factors-kind-totp = Authenticator-App
factors-added = Hinzugefügt
factors-used = Zuletzt benutzt
factors-remove = Entfernen
factors-passkey-hint = Ihr Gerät oder ein Sicherheitsschlüssel. Damit können Sie sich auch ohne Passwort anmelden.
factors-passkey-add = Passkey hinzufügen
factors-totp-hint = Eine App auf Ihrem Telefon zeigt sechs Ziffern, die jede halbe Minute wechseln.
factors-totp-add = Authenticator-App hinzufügen
factors-recovery = Wiederherstellungscodes
factors-recovery-left =
    { $count ->
        [0] Es ist keiner mehr übrig.
        [one] Einer ist noch übrig. Jeder gilt einmal, wenn Sie alles andere verloren haben.
       *[other] Es sind noch { $count } übrig. Jeder gilt einmal, wenn Sie alles andere verloren haben.
    }
factors-recovery-renew = Neue erzeugen
factors-done-added = Hinzugefügt. Von jetzt an werden Sie danach gefragt.
factors-done-removed = Entfernt.

totp-heading = Authenticator-App hinzufügen
totp-scan = Scannen Sie dies mit Ihrer Authenticator-App.
totp-picture = Ein QR-Code mit dem Schlüssel darunter
totp-type = Oder geben Sie diesen Schlüssel dort ein:
totp-code-hint = Die sechs Ziffern, die sie dann zeigt.
totp-submit = Hinzufügen
totp-cancel = Zurück, ohne sie hinzuzufügen

recovery-heading = Ihre Wiederherstellungscodes
recovery-what = Wenn Sie Ihren zweiten Faktor verloren haben, melden Sie sich mit einem von diesen an, mit jedem einmal.
recovery-once = Schreiben Sie sie jetzt auf. Sie werden nicht noch einmal gezeigt.
recovery-done = Ich habe sie aufgeschrieben

# Making a passkey, and using one.
passkey-heading = Passkey hinzufügen
passkey-what = Ihr Gerät oder Ihr Passwortmanager bewahrt einen Passkey auf und fragt nach Finger, Gesicht oder PIN, wenn Sie ihn benutzen. Er gilt nur auf dieser Website.
passkey-name = Name
passkey-name-hint = Wie Sie ihn nennen, damit Sie ihn hier wiederfinden: „Mein Telefon“.
passkey-make = Passkey anlegen
passkey-refused = Es kam rechtzeitig kein Passkey, oder seine Antwort stimmte nicht. Versuchen Sie es noch einmal.
passkey-needs-script = Passkeys brauchen JavaScript. Erlauben Sie es für diese Seite, oder nehmen Sie einen anderen Weg.
# The browser, or the person, said no.
passkey-failed = Das ging nicht oder wurde abgebrochen. Versuchen Sie es noch einmal, oder nehmen Sie einen anderen Weg.
passkey-use = Passkey benutzen
passkey-sign-in = Mit einem Passkey anmelden

factor-heading-add-email = Codes per E-Mail
factor-lead-add-email = Wir haben einen Code an die E-Mail-Adresse von { $account } geschickt. Geben Sie ihn hier ein, dann werden solche Codes ab jetzt verlangt.
factor-send = Code per E-Mail schicken
factor-sent = Ein Code ist unterwegs zu Ihrer E-Mail-Adresse.
factor-hint-email = Der Code, den wir an Ihre E-Mail-Adresse geschickt haben.
factors-email-hint = Wer sich anmeldet, bekommt einen Code an { $email } geschickt. Gut als Rückhalt; eine App oder ein Passkey ist sicherer, denn wer Ihre Post liest, hat auch das.
factors-email-add = Codes per E-Mail schicken
