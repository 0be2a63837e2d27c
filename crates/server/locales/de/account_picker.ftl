# Die Konten, die auf diesem Gerät angemeldet sind.

picker-heading = Konto wählen
picker-other = Anderes Konto verwenden
