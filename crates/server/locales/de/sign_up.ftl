# Das Formular für ein neues Konto.

sign-up-heading = Konto anlegen
sign-up-for = um weiterzugehen zu { $client }
sign-up-for-device = um weiterzugehen zu einer Anwendung auf Ihrem Gerät
sign-up-handle = Handle
sign-up-handle-hint = Ein Wort aus Buchstaben, Ziffern und Bindestrichen. Mit „alice“ sind Sie { $example }.
sign-up-email = E-Mail-Adresse
sign-up-password = Passwort
sign-up-password-hint = Mindestens 8 Zeichen. Ein Satz aus ein paar Wörtern ist leicht zu merken und schwer zu erraten.
sign-up-invite = Einladungscode
sign-up-submit = Konto anlegen
sign-up-sign-in = Ich habe ein Konto
sign-up-link = Konto anlegen

sign-up-refused = Etwas stimmt noch nicht. Sehen Sie unten nach, und geben Sie Ihr Passwort noch einmal ein.
sign-up-refused-handle = Das kann hier kein Handle sein. Nehmen Sie mindestens drei Buchstaben, Ziffern oder Bindestriche.
sign-up-refused-handle-taken = Dieses Handle ist vergeben. Wählen Sie ein anderes.
sign-up-refused-email = Geben Sie eine E-Mail-Adresse ein, etwa name@example.com.
sign-up-refused-email-taken = Zu dieser Adresse gibt es hier ein Konto. Melden Sie sich an, oder nehmen Sie eine andere Adresse.
sign-up-refused-password = Ein Passwort hat 8 bis 256 Zeichen.
sign-up-refused-invite = Dieser Code stimmt nicht oder wurde schon benutzt.
sign-up-refused-failed = Das Konto konnte nicht angelegt werden. Versuchen Sie es gleich noch einmal.
