# Die Seite, auf der zu sehen ist, welche Anwendungen für ein Konto handeln dürfen.

account-heading = Ihr Konto
account-sign-in-for = um zu sehen, welche Anwendungen Ihr Konto verwenden
account-apps = Anwendungen
account-apps-none = Keine Anwendung darf für dieses Konto handeln.
account-apps-hint = Diese dürfen für Ihr Konto handeln, bis Sie es hier beenden oder sich dort abmelden.
account-since = Zugestimmt
account-used = Zuletzt benutzt
account-can = Was sie kann
account-can-besides = Außerdem
account-changes = Was sich seit Ihrer Zustimmung geändert hat
account-change-applied = gilt
account-change-approved = von Ihnen genehmigt
account-change-held = wartet auf Sie
account-added = Sie kann jetzt auch
account-added-held = Sie könnte dann auch
account-removed = Sie kann nicht mehr
account-held = Diese Anwendung ist gewachsen und verlangt mehr, als Sie erlaubt haben:
account-held-approve = Auch dem zustimmen
account-end = Zugriff beenden
account-others = Andere Konten auf diesem Gerät
account-sign-out = Auf diesem Gerät abmelden
account-done-approved = Zugestimmt. Die Anwendung hat es, sobald sie ihren Zugriff das nächste Mal erneuert.
account-done-changed = Es wurde nichts erlaubt: Was auf Sie wartet, hat sich inzwischen geändert. Sehen Sie es sich noch einmal an.
account-done-ended = Beendet. Die Anwendung darf nicht mehr für Ihr Konto handeln.
account-factors = Zweite Faktoren: Passkeys, Codes, Wiederherstellung
