# Was einer Anwendung erlaubt würde, und die beiden Knöpfe.

consent-heading = { $client } möchte Ihr Konto verwenden
consent-heading-device = Eine Anwendung auf Ihrem Gerät möchte Ihr Konto verwenden
consent-client = Anwendung
consent-account = Konto
consent-client-check = Fahren Sie nur fort, wenn Sie diese Adresse kennen.
consent-client-check-device = Fahren Sie nur fort, wenn Sie das gerade selbst gestartet haben.
consent-picker = Anderes Konto verwenden
consent-permissions = Wenn Sie zustimmen, kann sie
consent-new = Neu seit { $date }: Sie kann
consent-rest = Wie bisher kann sie
consent-nothing-new = All dem haben Sie am { $date } schon zugestimmt.
consent-narrow = Entfernen Sie das Häkchen vor allem, was Sie nicht erlauben möchten.
consent-mark-new = Neu
consent-mark-declined = Letztes Mal abgelehnt
consent-set-parts =
    { $count ->
        [one] Eine Berechtigung darin
       *[other] { $count } Berechtigungen darin
    }
consent-set-empty = Im Augenblick ist nichts darin.
consent-touches-account = Ihr Konto
consent-touches-all = Alle Anwendungen
consent-touches-files = Dateien
consent-careful = Vorsicht:
cannot = Sie kann nicht: { $things }.
cannot-delete = Ihr Konto löschen
cannot-email = Ihre E-Mail-Adresse sehen
cannot-identity = Ihr Handle ändern
cannot-join = {", "}
cannot-join-last = {", "}
cannot-write-elsewhere = Einträge anderer Anwendungen ändern
consent-scopes = Die genauen Scopes
consent-next-host = Danach geht es weiter zu { $host }.
consent-next-device = Danach geht es zurück zur Anwendung auf Ihrem Gerät.
consent-next-app = Danach öffnet sich die App „{ $scheme }“ auf Ihrem Gerät.
consent-password-stays = Ihr Passwort bleibt hier.
consent-approve = Zustimmen
consent-deny = Ablehnen
consent-sets-changed = Was die Anwendung verlangt, hat sich geändert, während diese Seite offen war. Sehen Sie es sich noch einmal an.
consent-undecided = Wählen Sie einen der beiden Knöpfe unten.
