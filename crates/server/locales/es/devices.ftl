# La página de los navegadores y programas con la sesión iniciada.

devices-heading = Dónde has iniciado sesión
devices-browsers = Navegadores
devices-browsers-hint = Quien use uno de ellos puede aceptar aplicaciones en tu nombre. Las aplicaciones ya aceptadas siguen; tienen su propia página.
devices-browser-system = { $browser } en { $system }
devices-browser = { $browser }
devices-system = Un navegador en { $system }
devices-unknown = Un navegador
devices-this = Este
devices-signed-in = Inicio de sesión
devices-first = Visto por primera vez
devices-last = Visto por última vez
devices-place = Desde la red
devices-once = Sin recordar: pronto se te pedirá de nuevo la contraseña.
devices-sign-out = Cerrar sesión ahí
devices-sign-out-others = Cerrar sesión en todos los demás
devices-sessions = Programas con contraseña
devices-sessions-none = Ningún programa ha iniciado sesión con una contraseña.
devices-sessions-hint = Estos iniciaron sesión con una contraseña en lugar de venir aquí.
devices-with-app-password = Con la contraseña de aplicación { $name }
devices-with-password = Con tu contraseña
devices-used = Última renovación
devices-end = Terminar
devices-done-ended = Terminado. El programa ya no tiene la sesión iniciada.
devices-done-signed-out = Sesión cerrada ahí.
devices-done-signed-out-others = Sesión cerrada en todos los dispositivos menos en este.
