# Die Seite der Browser und Programme, die angemeldet sind.

devices-heading = Wo Sie angemeldet sind
devices-browsers = Browser
devices-browsers-hint = Wer einen davon benutzt, kann in Ihrem Namen Anwendungen zustimmen. Anwendungen, denen schon zugestimmt ist, laufen weiter; sie haben ihre eigene Seite.
devices-browser-system = { $browser } auf { $system }
devices-browser = { $browser }
devices-system = Ein Browser auf { $system }
devices-unknown = Ein Browser
devices-this = Dieser hier
devices-signed-in = Angemeldet
devices-first = Zuerst gesehen
devices-last = Zuletzt gesehen
devices-place = Aus dem Netz
devices-once = Nicht gemerkt: Sie werden bald wieder nach Ihrem Passwort gefragt.
devices-sign-out = Dort abmelden
devices-sign-out-others = Auf allen anderen abmelden
devices-sessions = Programme mit Passwort
devices-sessions-none = Kein Programm ist mit einem Passwort angemeldet.
devices-sessions-hint = Diese haben sich mit einem Passwort angemeldet, statt hierher zu kommen.
devices-with-app-password = Mit dem App-Passwort { $name }
devices-with-password = Mit Ihrem Passwort
devices-used = Zuletzt erneuert
devices-end = Beenden
devices-done-ended = Beendet. Das Programm ist abgemeldet.
devices-done-signed-out = Dort abgemeldet.
devices-done-signed-out-others = Auf allen Geräten außer diesem abgemeldet.
