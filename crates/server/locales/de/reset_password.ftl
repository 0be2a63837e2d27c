# A new password for whoever forgot theirs.

reset-heading = Neues Passwort setzen
reset-lead = Nennen Sie Ihr Handle oder Ihre E-Mail-Adresse, dann schicken wir Ihnen einen Code.
reset-refused-nobody = Geben Sie Ihr Handle oder Ihre E-Mail-Adresse ein.
reset-send = Code schicken
reset-have-code = Ich habe schon einen Code
# The second page.
reset-code-heading = Code eingeben
reset-code-lead = Wenn es ein Konto dieses Namens gibt, ging ein Code an seine E-Mail-Adresse. Er gilt eine Viertelstunde.
reset-code = Code
reset-code-hint = Zehn Buchstaben und Ziffern aus der Nachricht. Großschreibung und der Strich sind gleichgültig.
reset-password = Neues Passwort
reset-password-hint = Mindestens acht Zeichen. Ein Satz aus ein paar Wörtern ist leicht zu merken und schwer zu erraten.
reset-end-app-passwords = Auch alle App-Passwörter beenden
reset-end-hint = Kreuzen Sie das an, wenn jemand anders in Ihrem Konto gewesen sein könnte. Programme mit einem App-Passwort brauchen dann ein neues.
reset-submit = Passwort setzen
reset-another-code = Noch einen Code schicken
reset-refused-empty = Geben Sie den Code aus der Nachricht ein.
reset-refused-expired = Dieser Code ist abgelaufen. Lassen Sie sich einen neuen schicken.
reset-refused-unfit = Ein Passwort hat 8 bis 256 Zeichen.
reset-refused-wrong = Der Code stimmt nicht oder wurde schon benutzt. Schauen Sie in die neueste Nachricht, oder lassen Sie sich einen neuen schicken.
# The third.
reset-done-heading = Ihr Passwort ist neu
reset-done-lead = Alle Anwendungen und Geräte wurden abgemeldet.
reset-done-what = Melden Sie sich überall, wo Sie Ihr Konto benutzen, mit dem neuen Passwort an. Ist von vorhin noch eine Seite von uns offen, können Sie dort weitermachen.
