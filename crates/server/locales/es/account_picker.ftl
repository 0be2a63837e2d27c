# Las cuentas con sesión iniciada en este dispositivo.

picker-heading = Elige una cuenta
picker-other = Usar otra cuenta
