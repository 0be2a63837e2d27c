# La página en la que se ve qué aplicaciones pueden actuar en nombre de una cuenta.

account-heading = Tu cuenta
account-sign-in-for = para ver qué aplicaciones usan tu cuenta
account-apps = Aplicaciones
account-apps-none = Ninguna aplicación puede actuar en nombre de esta cuenta.
account-apps-hint = Pueden actuar en nombre de tu cuenta hasta que les retires el acceso aquí o cierres sesión en ellas.
account-since = Aceptada el
account-used = Último uso
account-can = Lo que puede hacer
account-can-besides = Además
account-changes = Lo que ha cambiado desde que la aceptaste
account-change-applied = en vigor
account-change-approved = aceptado por ti
account-change-held = pendiente de ti
account-added = Ahora también puede
account-added-held = Además podría
account-removed = Ya no puede
account-held = Esta aplicación ha crecido y pide más de lo que aceptaste:
account-held-approve = Aceptar también esto
account-end = Retirar el acceso
account-others = Otras cuentas en este dispositivo
account-sign-out = Cerrar sesión en este dispositivo
account-done-approved = Aceptado. La aplicación lo tendrá en cuanto renueve su acceso.
account-done-changed = No se ha aceptado nada: lo que estaba pendiente ha cambiado entretanto. Míralo otra vez.
account-done-ended = Acceso retirado. La aplicación ya no puede actuar en nombre de tu cuenta.
account-factors = Segundos factores: llaves de acceso, códigos, recuperación
