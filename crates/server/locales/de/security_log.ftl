# Die Seite dessen, was mit einem Konto geschah.

security-log-heading = Sicherheitsprotokoll
security-log-hint = Was im letzten halben Jahr mit Ihrem Konto geschah. Wenn etwas davon nicht Sie waren, wählen Sie ein neues Passwort und beenden Sie alles, was Sie nicht kennen.
security-log-none = Noch wurde nichts vermerkt.
security-log-download = Alles als JSON herunterladen
security-log-more = Ältere Einträge stehen im Download.
security-log-at = Wann
security-log-through = Mit
security-log-place = Aus dem Netz
security-log-client = { $client }
security-log-app-password-created = App-Passwort angelegt: { $subject }
security-log-app-password-used = Anmeldung mit dem App-Passwort { $subject }
security-log-email-changed = E-Mail-Adresse geändert
security-log-factor-added = Zweiter Faktor hinzugefügt
security-log-factor-removed = Zweiter Faktor entfernt
security-log-factor-wrong = Richtiges Passwort, aber falscher zweiter Faktor
security-log-grant = Eine Anwendung erhielt Zugriff
security-log-new-network = Zugriff wurde aus einem bisher unbekannten Netz erneuert
security-log-password-changed = Passwort geändert
security-log-password-session = Ein Programm meldete sich mit Ihrem Passwort an
security-log-scope-refused = Einer Anwendung wurde verweigert, was Sie nicht erlaubt haben
security-log-set-changed = Was { $subject } einer Anwendung gibt, hat sich geändert
security-log-sign-in = Anmeldung in einem Browser
