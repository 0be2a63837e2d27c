# Was nicht stimmte, und was zu tun ist.

error-detail = Für Entwickler

error-bad-link-heading = Dieser Link funktioniert nicht
error-bad-link-what = In dem Link, mit dem die Anwendung Sie hierher geschickt hat, fehlt etwas, oder es steht zu viel darin.
error-bad-link-do = Gehen Sie zur Anwendung zurück und beginnen Sie noch einmal. Wenn es wieder geschieht, müssen ihre Entwickler davon wissen.

error-busy-heading = Zu viele auf einmal
error-busy-what = Im Augenblick ist kein Platz für Ihre Anmeldung. Es wurde nichts geändert.
error-busy-do = Warten Sie eine Minute und versuchen Sie es dann noch einmal.

error-cross-site-heading = Das kam nicht von unserer Seite
error-cross-site-what = Eine andere Website hat versucht, diese Seite für Sie zu öffnen oder dieses Formular für Sie abzuschicken. Es wurde nichts getan.
error-cross-site-do = Wenn Sie sich anmelden wollten, gehen Sie zur Anwendung zurück und beginnen Sie dort noch einmal.

error-expired-heading = Diese Anmeldung ist zu Ende
error-expired-what = Sie war schon abgeschlossen oder zu lange offen. Es lässt sich nichts mehr damit tun.
error-expired-do = Wenn Sie noch nicht angemeldet sind, gehen Sie zur Anwendung zurück und beginnen Sie noch einmal.

error-form-stale-heading = Dieses Formular gilt nicht mehr
error-form-stale-what = Es gehört nicht zur jetzigen Sitzung dieses Browsers. Es wurde nichts geändert.
error-form-stale-do = Gehen Sie zurück und beginnen Sie noch einmal. Wenn es wieder geschieht, erlauben Sie Cookies für diese Website.

error-internal-heading = Hier ist etwas schiefgegangen
error-internal-what = Der Fehler liegt bei uns, nicht bei Ihnen. Es wurde nichts geändert.
error-internal-do = Versuchen Sie es gleich noch einmal.

error-not-a-page-heading = Diese Seite lässt sich nicht neu laden
error-not-a-page-what = Sie war die Antwort auf ein Formular, das es nicht mehr gibt. Das Neuladen hat nichts geändert.
error-not-a-page-do = Nehmen Sie die Zurück-Taste Ihres Browsers, oder gehen Sie zur Anwendung zurück und beginnen Sie noch einmal.

error-other-device-heading = Diese Anmeldung gehört zu einem anderen Browser
error-other-device-what = Sie wurde zuerst anderswo geöffnet und sicherheitshalber beendet.
error-other-device-do = Gehen Sie zur Anwendung zurück und beginnen Sie noch einmal, alles in einem Browser.

error-passwords-elsewhere-heading = Passwörter werden nicht hier gesetzt
error-passwords-elsewhere-what = Die Konten dieses Servers haben ihre Passwörter anderswo.
error-passwords-elsewhere-do = Fragen Sie, wer Ihr Konto betreibt.

error-too-many-heading = Zu viele Anfragen
error-too-many-what = Aus Ihrem Netz kamen mehr Anfragen, als wir auf einmal annehmen.
error-too-many-do = Warten Sie ein paar Minuten und versuchen Sie es dann noch einmal.
