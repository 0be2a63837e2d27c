# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = E-Mail-Adresse ändern
mail-change-email-text =
    Jemand möchte die E-Mail-Adresse Ihres Kontos { $account } ändern. Wenn Sie das sind, geben Sie diesen Code dort ein, wo Sie danach gefragt wurden:
    
    { $code }
    
    Er gilt { $minutes } Minuten.
    
    Wenn Sie es nicht sind, ändern Sie Ihr Passwort: Jemand ist als Sie angemeldet. Geben Sie den Code niemandem.
mail-confirm-email-subject = Bestätigen Sie Ihre E-Mail-Adresse
mail-confirm-email-text =
    Um zu bestätigen, dass dies die Adresse Ihres Kontos { $account } ist, geben Sie diesen Code dort ein, wo Sie danach gefragt wurden:
    
    { $code }
    
    Er gilt { $minutes } Minuten.
    
    Wenn Sie kein solches Konto haben, hat sich jemand bei der Adresse vertippt: Sie müssen nichts tun.
mail-delete-account-subject = Konto löschen
mail-delete-account-text =
    Jemand möchte Ihr Konto { $account } mit allem, was darin ist, für immer löschen. Wenn Sie das sind, geben Sie diesen Code dort ein, wo Sie danach gefragt wurden:
    
    { $code }
    
    Er gilt { $minutes } Minuten.
    
    Wenn Sie es nicht sind, ändern Sie Ihr Passwort: Jemand ist als Sie angemeldet. Geben Sie den Code niemandem.
mail-email-changed-subject = Ihre E-Mail-Adresse wurde geändert
mail-email-changed-text =
    Ihr Konto { $account } hat jetzt eine andere E-Mail-Adresse. Dies ist die letzte Nachricht an diese.
    
    Wenn Sie das nicht waren, ist jemand als Sie angemeldet. Melden Sie sich an und sehen Sie nach, und fragen Sie, wer Ihr Konto betreibt:
    
    { $page }
mail-password-changed-subject = Ihr Passwort wurde geändert
mail-password-changed-text =
    Das Passwort Ihres Kontos { $account } wurde eben geändert, und alle Geräte und Anwendungen wurden abgemeldet.
    
    Wenn Sie das nicht waren, setzen Sie sofort ein anderes:
    
    { $page }
mail-reset-password-subject = Ein Code für ein neues Passwort
mail-reset-password-text =
    Jemand möchte ein neues Passwort für Ihr Konto { $account }. Wenn Sie das sind, geben Sie diesen Code ein:
    
    { $code }
    
    Er gilt { $minutes } Minuten, und zwar hier:
    
    { $page }
    
    Wenn Sie es nicht sind, müssen Sie nichts tun: Ohne den Code ändert sich nichts. Geben Sie ihn niemandem.
mail-sign-in-subject = Ihr Code zum Anmelden
mail-sign-in-text =
    Jemand meldet sich bei Ihrem Konto { $account } an und kennt Ihr Passwort. Wenn Sie das sind, geben Sie diesen Code ein:
    
    { $code }
    
    Er gilt { $minutes } Minuten.
    
    Wenn Sie es nicht sind, ändern Sie Ihr Passwort. Geben Sie den Code niemandem.
